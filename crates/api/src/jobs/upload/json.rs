//! Reads the JSON that programs send, with pictures in Base64 or as addresses.

mod body;

use actix_web::{HttpRequest, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use darkroom_core::{config::Limits, models::Models};
use futures_util::TryStreamExt;
use serde_json::value::RawValue;

use super::{
    ENVELOPE_BYTES, Fields, Limit, MAX_URL_BYTES, SentPicture, Upload, announced_bytes, too_large,
    too_long, too_many_images,
};
use crate::{
    State,
    error::{ApiError, Code},
    json,
};
pub(in crate::jobs) use body::NewJobBody;

/// Reads and checks a body.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
    state: &State,
    key: Option<String>,
) -> Result<Upload, ApiError> {
    let limits = &state.limits;
    // Base64 takes four characters for three bytes.
    let most = limits.request_bytes / 3 * 4 + ENVELOPE_BYTES;
    let announced = announced_bytes(request);
    if announced.is_some_and(|bytes| bytes > most) {
        return Err(too_large("images", limits.request_bytes));
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0));
    while let Some(chunk) = payload.try_next().await.map_err(|error| ApiError::of_body(&error))? {
        if body.len() + chunk.len() > most {
            return Err(too_large("images", limits.request_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    let (body, state) = (body.freeze(), state.clone());
    // Decoding megabytes takes time: on another thread, so that other clients are served meanwhile.
    let read = web::block(move || {
        let body: NewJobBody<'_> = json::read(&body)?;
        body.into_fields(&state.limits, &state.models)?.check(&state, key)
    });
    read.await.map_err(|_stopping| broken_off())?
}

fn broken_off() -> ApiError {
    ApiError::MalformedBody("The body is incomplete.")
}

impl NewJobBody<'_> {
    /// Turns the body into the fields of a form that says the same.
    fn into_fields(self, limits: &Limits, models: &Models) -> Result<Fields, ApiError> {
        let mut fields = Fields::of("images");
        let pictures = self.images.map_or_else(Vec::new, |images| images.0);
        if pictures.len() > models.most_images() {
            return Err(too_many_images("images", models.most_images()));
        }
        let mut left = limits.request_bytes;
        for (place, picture) in pictures.into_iter().enumerate() {
            fields.images.push(match (picture.base64, picture.url) {
                (Some(base64), None) => {
                    let name = format!("images[{place}].base64");
                    let data = decode(&base64.0, &name, limits, left)?;
                    left -= data.len();
                    (name, SentPicture::File(data))
                }
                (None, Some(url)) => {
                    let name = format!("images[{place}].url");
                    if url.len() > MAX_URL_BYTES {
                        return Err(too_long(&name, MAX_URL_BYTES));
                    }
                    (name, SentPicture::Address(url.into()))
                }
                (_, _) => {
                    let detail = "A picture must have either 'base64' or 'url'.";
                    let name = format!("images[{place}]");
                    return Err(ApiError::invalid(Code::InvalidField, &name, detail));
                }
            });
        }
        fields.prompt = text("prompt", self.prompt)?.map(|(_name, prompt)| prompt);
        fields.model = text("model", self.model)?.map(|(_name, model)| model);
        let number = |name, value: Option<i64>| text(name, value.map(|value| value.to_string()));
        let checker = self.enable_safety_checker.map(|is_on| is_on.to_string());
        let options = [
            number("num_images", self.num_images)?,
            number("seed", self.seed)?,
            text("image_size", self.image_size)?,
            text("aspect_ratio", self.aspect_ratio)?,
            text("resolution", self.resolution)?,
            text("output_format", self.output_format)?,
            text("enable_safety_checker", checker)?,
            number("safety_tolerance", self.safety_tolerance)?,
        ];
        let treatment = [
            number("priority", self.priority)?,
            text("run_at", self.run_at)?,
            text("webhook_url", self.webhook_url)?,
            text("webhook_events", self.webhook_events)?,
            text("metadata", self.metadata.map(RawValue::get))?,
            text("parent_id", self.parent_id)?,
            number("parent_image", self.parent_image)?,
            text("cache", self.cache)?,
        ];
        fields.options = options.into_iter().flatten().collect();
        fields.treatment = treatment.into_iter().flatten().collect();
        Ok(fields)
    }
}

/// The name and the text of a field that was sent. The text may be as long as in a form.
fn text(
    name: &str,
    text: Option<impl AsRef<str> + Into<String>>,
) -> Result<Option<(String, Bytes)>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let Limit { bytes, over } = Limit::of(name);
    if text.as_ref().len() > bytes {
        return Err(over);
    }
    let text: String = text.into();
    Ok(Some((name.to_owned(), text.into())))
}

/// Decodes a picture. Whether it has too many bytes is known from the length of its Base64.
fn decode(text: &str, name: &str, limits: &Limits, left: usize) -> Result<Bytes, ApiError> {
    // A browser's `FileReader` makes a data URL of a file.
    let base64 = match text.strip_prefix("data:").and_then(|url| url.split_once(";base64,")) {
        Some((_media_type, base64)) => base64,
        None => text,
    };
    let digits = base64.trim_end_matches('=').len();
    let bytes = digits / 4 * 3 + digits % 4 * 3 / 4;
    if bytes > limits.upload_bytes {
        return Err(too_large(name, limits.upload_bytes));
    }
    if bytes > left {
        return Err(too_large("images", limits.request_bytes));
    }
    STANDARD.decode(base64).map(Bytes::from).map_err(|_malformed| {
        let detail = "The picture must be in Base64 (RFC 4648, section 4), with padding.";
        ApiError::invalid(Code::InvalidBase64, name, detail)
    })
}
