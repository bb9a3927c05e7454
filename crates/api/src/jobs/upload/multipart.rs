//! The form that browsers and `curl -F` send, read as it streams in.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use darkroom_core::{
    config::Limits,
    models::{Models, Options},
};
use futures_util::TryStreamExt;

use super::{
    Fields, MAX_OPTION_BYTES, MAX_PROMPT_BYTES, MAX_URL_BYTES, Sent, TREATMENT, Upload, metadata,
    prompt_too_long, too_large, too_long, too_many_images,
};
use crate::{State, error::ApiError};

/// Reads and checks all fields of a body of so many bytes, where it says how many.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    announced: Option<usize>,
    state: &State,
) -> Result<Upload, ApiError> {
    let mut multipart = Multipart::new(request.headers(), payload);
    let outcome = read_fields(&mut multipart, announced.unwrap_or(0), &state.limits, &state.models)
        .await
        .and_then(|fields| fields.check(state));
    // A client that sends on while it is told of its mistake can use the connection again. One that
    // does not say how much is to come may never end: its connection closes.
    if announced.is_some() && matches!(outcome, Err(ApiError::Invalid { .. })) {
        while let Ok(Some(_rest)) = multipart.try_next().await {}
    }
    outcome
}

async fn read_fields(
    multipart: &mut Multipart,
    expected: usize,
    limits: &Limits,
    models: &Models,
) -> Result<Fields, ApiError> {
    let mut fields = Fields::of("image");
    let mut image_bytes = 0;
    while let Some(field) = multipart.try_next().await.map_err(|error| malformed(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "image" => {
                room_for_one_more(&fields, models, "image")?;
                let left = limits.request_bytes - image_bytes;
                let limit = limits.upload_bytes.min(left);
                // The limit that was hit is the one that is told.
                let told = if limit < limits.upload_bytes { limits.request_bytes } else { limit };
                let too_large = too_large("image", told);
                let image = collect(field, expected, limit, too_large).await?;
                image_bytes += image.len();
                fields.images.push((name, Sent::File(image)));
            }
            "image_url" => {
                let over = too_long(&name, MAX_URL_BYTES);
                let url = collect(field, 0, MAX_URL_BYTES, over).await?;
                // A form sends what nobody filled in as empty.
                if !url.trim_ascii().is_empty() {
                    room_for_one_more(&fields, models, "image_url")?;
                    fields.images.push((name, Sent::Address(url)));
                }
            }
            "prompt" => {
                once(fields.prompt.is_some(), &name)?;
                fields.prompt = Some(collect(field, 0, MAX_PROMPT_BYTES, prompt_too_long()).await?);
            }
            "model" => {
                once(fields.model.is_some(), &name)?;
                fields.model = Some(
                    collect(field, 0, MAX_OPTION_BYTES, too_long(&name, MAX_OPTION_BYTES)).await?,
                );
            }
            option if Options::NAMES.contains(&option) || TREATMENT.contains(&option) => {
                let kept = if TREATMENT.contains(&option) {
                    &mut fields.treatment
                } else {
                    &mut fields.options
                };
                once(kept.iter().any(|(known, _)| known == option), option)?;
                let most = match option {
                    "metadata" => metadata::MOST_BYTES,
                    "webhook_url" => MAX_URL_BYTES,
                    _ => MAX_OPTION_BYTES,
                };
                let text = collect(field, 0, most, too_long(option, most)).await?;
                kept.push((name, text));
            }
            other => {
                let options = Options::NAMES.join(", ");
                let treatment = TREATMENT.join(", ");
                let detail = format!(
                    "There is no field '{other}'; image, image_url, prompt, model, {options}, {treatment} are taken."
                );
                return Err(ApiError::invalid("unknown_field", other, detail));
            }
        }
    }
    Ok(fields)
}

fn room_for_one_more(fields: &Fields, models: &Models, field: &str) -> Result<(), ApiError> {
    let most = models.most_images();
    if fields.images.len() < most { Ok(()) } else { Err(too_many_images(field, most)) }
}

/// Collects a field of about `expected` bytes; one of more than `limit` is `over`.
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
    Err(ApiError::invalid("duplicate_field", field, detail))
}

fn malformed(error: &MultipartError) -> ApiError {
    match error {
        MultipartError::BoundaryMissing | MultipartError::ContentTypeParse => {
            ApiError::UnsupportedMediaType(
                "The Content-Type must be multipart/form-data with a boundary.",
            )
        }
        _ => ApiError::MalformedBody("The multipart body is not well-formed or breaks off."),
    }
}
