//! What is done around every exchange of a request and its answer, whatever its path.
//!
//! It is one layer of the server and not one for each part, because each layer has its future in a box of its own.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use darkroom_core::config;
use tracing::Instrument;

use crate::{
    State, browsers, connection,
    metrics::{self, Requests},
    pace, request_log,
};

/// The layer's settings, and where it counts requests.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    rules: browsers::Rules,
    client_timeout: Duration,
    requests: Requests,
}

impl Exchange {
    pub(crate) fn new(settings: &config::Server, state: &State) -> Self {
        Self {
            rules: browsers::Rules::new(settings),
            client_timeout: settings.client_timeout,
            requests: state.metrics.requests.clone(),
        }
    }

    /// Takes the request's place on its connection, gives it an id, and has its body come at a least pace. Measures and
    /// logs how it is answered, and tells browsers what they may not do with the answer.
    pub(crate) async fn lead<B: MessageBody + 'static>(
        self: Rc<Self>,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        let began = Instant::now();
        let place = connection::occupy(&request);
        let id = request_log::id(&request);
        let span = request_log::span(&id);
        async {
            pace::keep(self.client_timeout, &mut request);
            let method = metrics::label(request.method());
            let answer = next.call(request).await;
            let took = began.elapsed();
            self.requests.count(method, &answer, took);
            let mut response = answer?;
            self.rules.tell(&mut response);
            request_log::close(&mut response, id, took);
            Ok(connection::hold(place, response))
        }
        .instrument(span)
        .await
    }
}
