//! Answers with a file: all of it, a part of it, or that the client has it already.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{
        Method, StatusCode,
        header::{
            self, ContentDisposition, ContentRange, ContentRangeSpec, DispositionParam,
            DispositionType, ETag, EntityTag,
        },
    },
};
use bytes::Bytes;
use darkroom_core::{db::Pool, store::ImageFile};
use futures_util::stream;

use super::{body, conditions::Conditions, name::file_name, range::Part};
use crate::error::ApiError;

/// An image never changes. It belongs to its caller, so no shared cache may keep it.
const CACHING: (header::HeaderName, &str) =
    (header::CACHE_CONTROL, "private, max-age=31536000, immutable");

/// Answers a request for this file.
pub(super) async fn answer(
    pool: &Pool,
    request: &HttpRequest,
    conditions: &Conditions,
    file: ImageFile,
    is_download: bool,
) -> Result<HttpResponse, ApiError> {
    let tag = EntityTag::new_strong(file.digest.clone());
    if conditions.has(&tag) {
        return Ok(HttpResponse::NotModified()
            .insert_header(ETag(tag))
            .insert_header(CACHING)
            .finish());
    }
    let (status, part) = match Part::of(request, &tag, file.length) {
        Part::Whole => (StatusCode::OK, 0..file.length),
        Part::Some(part) => (StatusCode::PARTIAL_CONTENT, part),
        Part::Beyond => return Err(ApiError::RangeNotSatisfiable { length: file.length }),
    };

    let mut response = HttpResponse::build(status);
    response
        .content_type(file.media_type.clone())
        .insert_header(ETag(tag))
        .insert_header(CACHING)
        .insert_header(disposition(&file, is_download))
        .insert_header((header::ACCEPT_RANGES, "bytes"));
    if *request.method() == Method::HEAD {
        return Ok(head(&mut response, file.length));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        response.insert_header(ContentRange(ContentRangeSpec::Bytes {
            range: Some((part.start, part.end.saturating_sub(1))),
            instance_length: Some(file.length),
        }));
    }
    Ok(response.body(body::of(pool, file, part).await?))
}

/// Answers HEAD with the length of the body, which is not sent and so not read.
fn head(response: &mut HttpResponseBuilder, length: u64) -> HttpResponse {
    response.body(SizedStream::new(length, stream::empty::<Result<Bytes, Infallible>>()))
}

fn disposition(file: &ImageFile, is_download: bool) -> ContentDisposition {
    ContentDisposition {
        disposition: if is_download {
            DispositionType::Attachment
        } else {
            DispositionType::Inline
        },
        parameters: vec![DispositionParam::Filename(file_name(file))],
    }
}
