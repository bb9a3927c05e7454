//! Headers that tell how much of a limit is left (source: draft-ietf-httpapi-ratelimit-headers-10).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Kind, Remaining, WINDOW_SECONDS};

/// What is left of a caller's limits.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The limits themselves.
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

pub(super) fn tell(headers: &mut HeaderMap, remaining: &Remaining) {
    let name = match remaining.kind {
        Kind::Job => "jobs",
        Kind::Other => "requests",
    };
    let seconds = remaining.wait.unwrap_or(remaining.full_in).as_secs_f64().ceil();
    let told = [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={};w={WINDOW_SECONDS}", remaining.quota)),
        (RATE_LIMIT, format!("\"{name}\";r={};t={seconds}", remaining.left)),
    ];
    for (header, value) in told {
        // Words and numbers always make a valid header value.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(header, value);
        }
    }
}
