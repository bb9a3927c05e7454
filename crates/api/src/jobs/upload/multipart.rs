//! Reads the multipart form that browsers and `curl -F` send, as it streams in.

use std::io;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, error::PayloadError, http::header::ContentDisposition, web};
use bytes::{Bytes, BytesMut};
use darkroom_core::config::Limits;
use futures_util::{Stream, StreamExt, TryStreamExt};

use super::{ENVELOPE_BYTES, Fields, Form, Limit, SentPicture, Upload, too_large, too_many_images};
use crate::{
    State,
    error::{ApiError, Code},
};

/// The most parts of a form: more than there are fields and pictures.
const MOST_PARTS: usize = 100;

/// Reads and checks all fields of a body; `announced` is its length, if it says one.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    announced: Option<usize>,
    state: &State,
    key: Option<String>,
    form: &mut impl Form,
) -> Result<Upload, ApiError> {
    let payload = bounded(payload, &state.limits);
    let mut multipart = Multipart::new(request.headers(), payload);
    let outcome = read_fields(&mut multipart, announced.unwrap_or(0), state, form)
        .await
        .and_then(|fields| fields.check(state, key));
    // The rest of a refused body is read, so that a client that goes on sending can use the connection again. A body
    // that says no length may never end: its connection closes.
    if announced.is_some() && matches!(outcome, Err(ApiError::Invalid { .. })) {
        while let Ok(Some(_rest)) = multipart.try_next().await {}
    }
    outcome
}

async fn read_fields<F: Form>(
    multipart: &mut Multipart,
    expected: usize,
    state: &State,
    form: &mut F,
) -> Result<Fields, ApiError> {
    let (limits, most_images) = (&state.limits, state.models.most_images());
    let mut fields = Fields::of("image");
    let mut texts: Vec<(String, Bytes)> = Vec::new();
    let mut image_bytes = 0;
    let mut parts = 0;
    while let Some(field) = multipart.try_next().await.map_err(|error| malformed(&error))? {
        parts += 1;
        if parts > MOST_PARTS {
            let detail = format!("The form has more than {MOST_PARTS} fields.");
            return Err(ApiError::invalid(Code::TooManyFields, "body", detail));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let is_picture = F::PICTURES.contains(&name.as_str());
        let is_address = F::ADDRESSES.contains(&name.as_str());
        let is_full = fields.images.len() >= most_images;
        if is_picture {
            let left = limits.request_bytes - image_bytes;
            let limit = limits.upload_bytes.min(left);
            // A refusal names the limit that was hit.
            let told = if limit < limits.upload_bytes { limits.request_bytes } else { limit };
            let (limit, over) = if is_full {
                (0, too_many_images("image", most_images))
            } else {
                (limit, too_large("image", told))
            };
            let is_named = is_named(&field);
            let image = collect(field, expected, limit, over).await?;
            // So browsers send a file that nobody chose.
            if image.is_empty() && !is_named {
                continue;
            }
            image_bytes += image.len();
            fields.images.push(("image".into(), SentPicture::File(image)));
            continue;
        }
        let Limit { bytes, over } = form.limit(&name)?;
        if is_address {
            let address = collect(field, 0, bytes, over).await?;
            // Browsers send fields that nobody filled in as empty.
            if address.trim_ascii().is_empty() {
                continue;
            }
            if is_full {
                return Err(too_many_images(&name, most_images));
            }
            fields.images.push((name, SentPicture::Address(address)));
            continue;
        }
        once(texts.iter().any(|(known, _)| *known == name), &name)?;
        let text = collect(field, 0, bytes, over).await?;
        texts.push((name, text));
    }
    form.place(texts, &mut fields)?;
    Ok(fields)
}

/// Whether a part is a file with a name.
fn is_named(field: &Field) -> bool {
    let name = field.content_disposition().and_then(ContentDisposition::get_filename);
    name.is_some_and(|name| !name.is_empty())
}

/// Collects a field of about `expected` bytes; one of more than `limit` bytes is answered with `over`.
async fn collect(
    mut field: Field,
    expected: usize,
    limit: usize,
    over: ApiError,
) -> Result<Bytes, ApiError> {
    let mut data = BytesMut::with_capacity(expected.min(limit));
    while let Some(chunk) = field.try_next().await.map_err(|error| malformed(&error))? {
        if data.len() + chunk.len() > limit {
            return Err(over);
        }
        data.extend_from_slice(&chunk);
    }
    Ok(data.freeze())
}

fn once(given: bool, field: &str) -> Result<(), ApiError> {
    if !given {
        return Ok(());
    }
    let detail = format!("The field '{field}' was sent more than once.");
    Err(ApiError::invalid(Code::DuplicateField, field, detail))
}

/// Bounds the whole body by what all images and other fields may have together, so that neither a preamble nor empty
/// parts can go on for ever.
fn bounded(
    payload: web::Payload,
    limits: &Limits,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + use<> {
    let mut left = limits.request_bytes + ENVELOPE_BYTES;
    payload.map(move |chunk| {
        let chunk = chunk?;
        let rest = left.checked_sub(chunk.len());
        left = rest.ok_or_else(|| PayloadError::Io(io::ErrorKind::FileTooLarge.into()))?;
        Ok(chunk)
    })
}

fn malformed(error: &MultipartError) -> ApiError {
    match error {
        MultipartError::BoundaryMissing | MultipartError::ContentTypeParse => {
            ApiError::UnsupportedMediaType(
                "The Content-Type must be multipart/form-data with a boundary.",
            )
        }
        MultipartError::Payload(error @ PayloadError::Io(_)) => ApiError::of_body(error),
        _ => ApiError::MalformedBody("The multipart body is not well-formed or breaks off."),
    }
}
