//! The `Idempotency-Key`: the same request sent again under one makes no second job.

use actix_web::{HttpRequest, http::header::HeaderName};

use crate::error::{ApiError, Code};

pub(crate) const KEY: &str = "Idempotency-Key";

/// The header that says that an earlier request had made the job.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The most characters of a key.
const LONGEST: usize = 200;

/// The request's idempotency key, if it has one.
pub(crate) fn key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let mut keys = request.headers().get_all(KEY);
    let Some(key) = keys.next() else { return Ok(None) };
    let is_key = |key: &&str| {
        (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = key.to_str().ok().filter(is_key).filter(|_| keys.next().is_none());
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        let detail = format!("The {KEY} must have 1 to {LONGEST} characters, all of them visible ASCII, and must be sent once.");
        ApiError::invalid(Code::InvalidIdempotencyKey, KEY, detail)
    })
}
