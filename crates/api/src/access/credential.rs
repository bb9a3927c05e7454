//! The key that a request carries.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use darkroom_core::api_key::Token;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a request carries.
pub(super) enum Credential {
    /// Neither header.
    Nothing,
    /// A text with the form of a key.
    Token(Token),
    /// A text that begins like a key, but is not one.
    Broken,
    /// Something else, such as what OpenAI's clients are given where no key is needed.
    Foreign,
}

impl Credential {
    /// Reads `Authorization: Bearer` (RFC 6750), or else `X-API-Key`: the first may hold credentials for a proxy.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let sent = |name| request.headers().get(name).map(|value| value.to_str().ok());
        let authorization = sent(header::AUTHORIZATION).map(|value| value.and_then(bearer));
        let read = [authorization, sent(X_API_KEY)].into_iter().flatten().map(Self::read);
        read.reduce(|first, second| if matches!(first, Self::Foreign) { second } else { first })
            .unwrap_or(Self::Nothing)
    }

    /// Reads what a header holds; `None` is a value that cannot hold a key.
    fn read(value: Option<&str>) -> Self {
        let Some(text) = value.map(str::trim) else { return Self::Foreign };
        match text.parse() {
            Ok(token) => Self::Token(token),
            Err(_) if text.starts_with(Token::MARK) => Self::Broken,
            Err(_) => Self::Foreign,
        }
    }
}

/// The token. The scheme may be written in upper or lower case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
