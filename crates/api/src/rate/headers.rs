//! Headers that tell how much of a limit is left (source: draft-ietf-httpapi-ratelimit-headers-10).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Kind, Standing, WINDOW_SECONDS};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

pub(super) fn tell(headers: &mut HeaderMap, standing: &Standing) {
    let name = match standing.kind {
        Kind::Job => "jobs",
        Kind::Read => "requests",
    };
    let seconds = standing.wait.unwrap_or(standing.full_in).as_secs_f64().ceil();
    let told = [
        (RATE_LIMIT_POLICY, format!("\"{name}\";q={};w={WINDOW_SECONDS}", standing.quota)),
        (RATE_LIMIT, format!("\"{name}\";r={};t={seconds}", standing.left)),
    ];
    for (header, value) in told {
        // Words and numbers always make a valid header value.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(header, value);
        }
    }
}
