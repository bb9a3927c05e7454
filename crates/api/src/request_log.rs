//! Gives each request an id, which its answer and its log lines carry, and a line in the log.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
};
use tracing::{Instrument, Level};
use uuid::Uuid;

/// The header with the request's id; under `/v1` with the job's id, where there is a job.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The log target of the line for each request.
const ACCESS: &str = "darkroom::access";

/// The longest id that is taken over from a client.
const LONGEST: usize = 128;

/// Gives the request its id, and logs how it was answered.
pub(crate) async fn identify_and_log<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let id = id(&request);
    // At the level of errors, so that the span is there whichever levels are filtered out.
    let span = tracing::error_span!("request", id = id.to_str().unwrap_or_default());
    async {
        let mut response = next.call(request).await?;
        log(&response, began);
        let headers = response.headers_mut();
        if !headers.contains_key(REQUEST_ID) {
            headers.insert(REQUEST_ID, id);
        }
        Ok(response)
    }
    .instrument(span)
    .await
}

/// Writes the request's line, with its route instead of its path, which may hold a secret. Reads that went well are
/// logged at debug level: their lines are needed only by those who look for them.
fn log<B>(response: &ServiceResponse<B>, began: Instant) {
    macro_rules! answered {
        ($level:expr) => {
            tracing::event!(
                target: ACCESS,
                $level,
                method = %response.request().method(),
                route = response.request().match_pattern().as_deref().unwrap_or("-"),
                status = response.status().as_u16(),
                milliseconds = millis(began),
                "answered"
            )
        };
    }
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    if response.request().method().is_safe() && !is_error {
        answered!(Level::DEBUG);
    } else {
        answered!(Level::INFO);
    }
}

/// The id that the client or a proxy sent, or a new one.
fn id(request: &ServiceRequest) -> HeaderValue {
    let is_id = |id: &&HeaderValue| {
        (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    let sent = request.headers().get(REQUEST_ID).filter(is_id).cloned();
    sent.unwrap_or_else(|| {
        let id = Uuid::now_v7().to_string();
        HeaderValue::try_from(id).unwrap_or_else(|_malformed| HeaderValue::from_static("-"))
    })
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
