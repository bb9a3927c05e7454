//! Measures how long requests take.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
    middleware::Next,
    web,
};
use darkroom_core::metrics::call_seconds;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
};

use crate::State;

/// Durations of requests, by method, route and status.
#[derive(Clone, Debug)]
pub(crate) struct Requests(Family<Labels, Histogram>);

/// What tells requests apart.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub(crate) struct Labels {
    method: &'static str,
    /// The pattern of the path, never the path itself: each id would make a time series of its own.
    route: String,
    /// The class of the status, such as `2xx`.
    status: &'static str,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self(Family::new_with_constructor(call_seconds))
    }

    pub(super) fn seconds(&self) -> &Family<Labels, Histogram> {
        &self.0
    }
}

/// Measures each request until its answer begins.
pub(crate) async fn measure<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let method = method(request.method());
    let requests =
        request.app_data::<web::Data<State>>().map(|state| state.metrics.requests.clone());
    let answer = next.call(request).await;
    let (route, status) = match &answer {
        // The router has found the route by now; to look for it before would do that work twice.
        Ok(response) => (response.request().match_pattern(), response.status()),
        Err(error) => (None, error.as_response_error().status_code()),
    };
    if let Some(Requests(seconds)) = requests {
        let route = route.unwrap_or_else(|| "none".to_owned());
        let labels = Labels { method, route, status: class(status) };
        seconds.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
    }
    answer
}

/// The label of a method. Clients may invent methods, which all count as `other`.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
