//! Gives each request an id, which its answer and its log lines carry, and a line in the log.

use std::time::Duration;

use actix_web::{
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
};
use tracing::{Level, Span};
use uuid::{NoContext, Timestamp, Uuid};

/// The header with the request's id; under `/v1` with the job's id, where there is a job.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The log target of the line for each request.
const ACCESS: &str = "darkroom::access";

/// The longest id that is taken over from a client.
const LONGEST: usize = 128;

/// Whether a client's id is taken over: it cannot be taken for anything else where it stands in a line of the log.
fn is_taken_over(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !br#""\{}"#.contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
}

/// The id that the client or a proxy sent, or a new one.
pub(crate) fn id(request: &ServiceRequest) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|id| is_taken_over(id)).cloned();
    sent.unwrap_or_else(|| {
        // Without the order of ids of the same millisecond, for which all threads would wait for each other.
        let id = Uuid::new_v7(Timestamp::now(NoContext));
        let mut text = Uuid::encode_buffer();
        let id = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text));
        id.unwrap_or_else(|_malformed| HeaderValue::from_static("-"))
    })
}

/// The part of the log that belongs to the request with this id.
pub(crate) fn span(id: &HeaderValue) -> Span {
    // At the level of errors, so that the span is there whichever levels are filtered out. With `%`, as no id has a
    // character to escape, and to look for one takes longer than all else here.
    tracing::error_span!("request", id = %id.to_str().unwrap_or_default())
}

/// Logs how the request was answered, and gives the answer the request's id, unless it has one.
pub(crate) fn close<B>(response: &mut ServiceResponse<B>, id: HeaderValue, took: Duration) {
    log(response, took);
    let headers = response.headers_mut();
    if !headers.contains_key(REQUEST_ID) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Writes the request's line, with its route instead of its path, which may hold a secret. Reads that went well are
/// logged at debug level: their lines are needed only by those who look for them.
fn log<B>(response: &ServiceResponse<B>, took: Duration) {
    macro_rules! answered {
        ($level:expr) => {
            tracing::event!(
                target: ACCESS,
                $level,
                method = %response.request().method(),
                route = response.request().match_pattern().as_deref().unwrap_or("-"),
                status = response.status().as_u16(),
                milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
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
