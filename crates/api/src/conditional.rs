//! Conditional requests: an answer that the client has already is not sent again (RFC 9110, section 13).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, EntityTag, Header, HeaderValue, IfNoneMatch},
    },
};
use bytes::Bytes;

use crate::watch::Tag;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Whether the client has what this tag names.
pub(crate) fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Answers with JSON that may change at any moment: a client may keep it, but has to revalidate it each time.
pub(crate) fn json(
    status: StatusCode,
    request: &HttpRequest,
    tag: &Tag,
    body: Bytes,
) -> HttpResponse {
    let caching = (header::CACHE_CONTROL, REVALIDATED);
    let named = (header::ETAG, tag.header.clone());
    if has(request, &tag.entity) {
        return HttpResponse::NotModified().insert_header(named).insert_header(caching).finish();
    }
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, JSON))
        .insert_header(named)
        .insert_header(caching)
        .body(body)
}
