//! Conditional requests: an answer that the client has already is not sent again (RFC 9110, section 13).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, ContentType, ETag, EntityTag, Header, IfNoneMatch},
    },
};
use bytes::Bytes;

/// Whether the client has what this tag names.
pub(crate) fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// JSON that may change at any moment: kept by the client, and asked for again each time.
pub(crate) fn json(
    status: StatusCode,
    request: &HttpRequest,
    tag: EntityTag,
    body: Bytes,
) -> HttpResponse {
    let caching = (header::CACHE_CONTROL, "private, no-cache");
    if has(request, &tag) {
        return HttpResponse::NotModified()
            .insert_header(ETag(tag))
            .insert_header(caching)
            .finish();
    }
    HttpResponse::build(status)
        .insert_header(ContentType::json())
        .insert_header(ETag(tag))
        .insert_header(caching)
        .body(body)
}
