//! The key that a request carries.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use darkroom_core::api_key::Token;

use crate::error::ApiError;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// From `Authorization: Bearer` (RFC 6750) or else `X-API-Key`; nothing where neither is there.
pub(super) fn token(request: &HttpRequest) -> Result<Option<Token>, ApiError> {
    let headers = request.headers();
    let sent = match headers.get(header::AUTHORIZATION) {
        Some(value) => value.to_str().ok().and_then(bearer),
        None => match headers.get(X_API_KEY) {
            Some(value) => value.to_str().ok(),
            None => return Ok(None),
        },
    };
    sent.and_then(|text| text.trim().parse().ok()).map(Some).ok_or(ApiError::UnknownKey)
}

/// Schemes are written in any case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
