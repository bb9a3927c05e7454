//! The key that a request carries.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use darkroom_core::api_key::Token;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a request carries.
pub(super) enum Sent {
    /// Neither header.
    Nothing,
    /// What could be a key.
    Token(Token),
    /// What begins like one, and is none.
    Broken,
    /// Something else, such as what OpenAI's clients are given where no key is needed.
    Foreign,
}

impl Sent {
    /// From `Authorization: Bearer` (RFC 6750) or else `X-API-Key`.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let sent = match headers.get(header::AUTHORIZATION) {
            Some(value) => value.to_str().ok().and_then(bearer),
            None => match headers.get(X_API_KEY) {
                Some(value) => value.to_str().ok(),
                None => return Self::Nothing,
            },
        };
        let Some(text) = sent.map(str::trim) else { return Self::Foreign };
        match text.parse() {
            Ok(token) => Self::Token(token),
            Err(_) if text.starts_with(Token::MARK) => Self::Broken,
            Err(_) => Self::Foreign,
        }
    }
}

/// Schemes are written in any case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
