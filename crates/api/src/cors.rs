//! Which origins' pages may call the API, and by which names of the server.

use std::sync::Arc;

use actix_cors::Cors;
use actix_web::{
    Error, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::Next,
};
use darkroom_core::config::{Config, Environment};
use url::{Host, Url};

use crate::{
    State,
    error::ApiError,
    host::Hosts,
    jobs::{PREFERENCE_APPLIED, REPLAYED},
    openai,
    rate::{RATE_LIMIT, RATE_LIMIT_POLICY},
    request_log::REQUEST_ID,
};

/// The configured origins; in development also any page that this machine serves itself. And the names to which the
/// server answers.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    listed: Arc<[String]>,
    environment: Environment,
    hosts: Hosts,
}

impl Origins {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            listed: config.server.cors_allowed_origins.0.clone().into(),
            environment: config.environment,
            hosts: Hosts::new(config),
        }
    }

    /// The CORS policy that browsers are told.
    pub(crate) fn policy(&self) -> Cors {
        let origins = self.clone();
        Cors::default()
            .allowed_origin_fn(move |origin, _request| origins.allow(origin))
            .allow_any_method()
            .allow_any_header()
            .expose_headers([
                header::ACCEPT_RANGES,
                header::CONTENT_DISPOSITION,
                header::CONTENT_RANGE,
                header::ETAG,
                header::LINK,
                header::LOCATION,
                header::RETRY_AFTER,
                PREFERENCE_APPLIED,
                RATE_LIMIT,
                RATE_LIMIT_POLICY,
                REPLAYED,
                REQUEST_ID,
                openai::SHOULD_RETRY,
            ])
            .max_age(3600)
            .block_on_origin_mismatch(false)
    }

    fn allow(&self, origin: &HeaderValue) -> bool {
        is_listed(origin, &self.listed)
            || (self.environment == Environment::Development && is_local(origin))
    }
}

/// Refuses changes that are asked for by a page of an origin that is not allowed. A browser hides the answer from such
/// a page, but it sends a form's POST all the same, and a job costs money. Also refuses all requests to a name that a
/// foreign page may have led here.
pub(crate) async fn refuse_foreign_pages<B: MessageBody + 'static>(
    origins: Origins,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if !origins.hosts.admit(&request) {
        return Ok(request.error_response(ApiError::ForeignHost).map_into_right_body());
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if let Some(origin) = request.headers().get(header::ORIGIN).filter(|_| changes)
        && !origins.allow(origin)
        && !origins.hosts.have_shown(origin, &request)
        && !is_own(origin, request.request())
    {
        return Ok(request.error_response(ApiError::ForeignOrigin).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Whether it is a page of this very server, such as `/docs`.
fn is_own(origin: &HeaderValue, request: &HttpRequest) -> bool {
    let home = request.app_data::<actix_web::web::Data<State>>();
    home.and_then(|state| Url::parse(&state.link(request, "/")).ok())
        .is_some_and(|home| home.origin().ascii_serialization().as_bytes() == origin.as_bytes())
}

fn is_listed(origin: &HeaderValue, listed: &[String]) -> bool {
    listed.iter().any(|listed| listed == "*" || listed.as_bytes() == origin.as_bytes())
}

fn is_local(origin: &HeaderValue) -> bool {
    let url = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
