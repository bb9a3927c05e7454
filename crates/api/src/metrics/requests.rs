//! Measures how long requests take.

use std::time::Duration;

use actix_web::{
    Error,
    dev::ServiceResponse,
    http::{Method, StatusCode},
};
use darkroom_core::metrics::call_seconds;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
};

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

    /// Counts a request, and the time until its answer began.
    pub(crate) fn count<B>(
        &self,
        method: &'static str,
        answer: &Result<ServiceResponse<B>, Error>,
        took: Duration,
    ) {
        let (route, status) = match answer {
            // The router has found the route by now; to look for it before would do that work twice.
            Ok(response) => (response.request().match_pattern(), response.status()),
            Err(error) => (None, error.as_response_error().status_code()),
        };
        let route = route.unwrap_or_else(|| "none".to_owned());
        let labels = Labels { method, route, status: class(status) };
        self.0.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// The label of a method. Clients may invent methods, which all count as `other`.
pub(crate) fn label(method: &Method) -> &'static str {
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
