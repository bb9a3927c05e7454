//! Conditional requests: an answer that the client has already is not sent again (RFC 9110, section 13).

mod large_answers;

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, EntityTag, Header, HeaderValue, IfNoneMatch},
};
use bytes::Bytes;

use crate::{State, error::ApiError};
pub(crate) use large_answers::LargeAnswers;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// An `ETag`, which names a body.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) entity: EntityTag,
    /// As a header's value.
    pub(crate) header: HeaderValue,
}

impl Tag {
    /// A body's strong tag: its hash.
    pub(crate) fn of(body: &[u8]) -> Self {
        let hash = ring::digest::digest(&ring::digest::SHA256, body);
        let text = hash.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        });
        let entity = EntityTag::new_strong(text);
        let header = HeaderValue::try_from(entity.to_string());
        // Hexadecimal digits are always a valid header value.
        let header = header.unwrap_or_else(|_malformed| HeaderValue::from_static("\"\""));
        Self { entity, header }
    }
}

/// Whether the client has what this tag names.
pub(crate) fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Answers with JSON that may change at any moment: a client may keep it, but has to revalidate it each time.
pub(crate) fn json(
    state: &State,
    request: &HttpRequest,
    tag: &Tag,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let caching = (header::CACHE_CONTROL, REVALIDATED);
    let named = (header::ETAG, tag.header.clone());
    if has(request, &tag.entity) {
        return Ok(HttpResponse::NotModified()
            .insert_header(named)
            .insert_header(caching)
            .finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, JSON))
        .insert_header(named)
        .insert_header(caching)
        .body(state.large_answers.body(body)?))
}
