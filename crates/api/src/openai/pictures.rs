//! The answer with the pictures of a completed edit, in OpenAI's format.

use std::{convert::Infallible, future::ready, ops::Range, sync::Arc};

use actix_web::{HttpResponse, HttpResponseBuilder, http::header::ContentType};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use darkroom_core::{
    chain::chain,
    db::Pool,
    images::MediaType,
    job::Job,
    links::Links,
    store::{self, ImageFile, StoredImage},
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::{form::Delivery, unanswered::Unanswered};
use crate::{error::ApiError, json};

/// Bytes of a picture that are read and sent at a time: a multiple of three, because Base64 makes four characters of
/// three bytes.
const PART: u64 = 3 * 256 * 1024;

/// The place in the JSON after which the Base64 of a picture goes.
const PLACE: &str = "\"b64_json\":\"";

/// The pictures that an edit made.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiImages)]
pub(crate) struct ImagesView {
    /// When the edit was done: seconds since 1970.
    created: i64,
    /// The pictures, in order, without those that the model's safety checker blanked.
    data: Vec<PictureView>,
    /// `png`, `jpeg` or `webp`, if all pictures have the same format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    output_format: Option<String>,
    /// `WIDTHxHEIGHT` in pixels, if all pictures have the same size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2048x1536")]
    size: Option<String>,
}

/// A picture: either `b64_json` or `url`.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenAiImage)]
struct PictureView {
    /// The file, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    b64_json: Option<&'static str>,
    /// The address of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url: Option<String>,
}

impl ImagesView {
    fn new(job: &Job, shown: &[&StoredImage], delivery: Delivery, links: &Links) -> Self {
        let one = |of: fn(&StoredImage) -> Option<String>| {
            let mut all = shown.iter().map(|image| of(image));
            let first = all.next().flatten();
            first.filter(|first| all.all(|other| other.as_ref() == Some(first)))
        };
        let picture = |image: &&StoredImage| match delivery {
            Delivery::Url => {
                let url = links.image(image.id);
                PictureView { url: Some(url), b64_json: None }
            }
            // The file is put in there while the answer is sent.
            Delivery::Base64 => PictureView { url: None, b64_json: Some("") },
        };
        Self {
            created: job.updated_at.unix_timestamp(),
            data: shown.iter().map(picture).collect(),
            output_format: one(|image| {
                let media_type: MediaType = image.media_type.parse().ok()?;
                Some(media_type.as_str().trim_start_matches("image/").into())
            }),
            size: one(|image| Some(format!("{}x{}", image.width, image.height))),
        }
    }
}

/// Answers with the pictures of a completed job, or their `links`.
pub(super) async fn send(
    response: &mut HttpResponseBuilder,
    pool: &Pool,
    job: &Job,
    delivery: Delivery,
    links: &Links,
) -> Result<HttpResponse, Unanswered> {
    let shown = job.images.iter().filter(|image| image.is_result && image.blanked != Some(true));
    let shown: Vec<&StoredImage> = shown.collect();
    if shown.is_empty() {
        return Err(Unanswered::Blanked);
    }
    let view = ImagesView::new(job, &shown, delivery, links);
    let text = json::write(&view);
    response.insert_header(ContentType::json());
    if delivery == Delivery::Url {
        return Ok(response.body(text));
    }
    let mut files = Vec::new();
    for image in shown {
        let file = store::image_file(pool, image.id, None).await;
        let file = file.map_err(|error| Unanswered::because_of(&ApiError::from(error)))?;
        files.push(Arc::new(file.ok_or(Unanswered::Deleted)?));
    }
    Ok(response.streaming(written(pool.clone(), pieces(&text, &files))))
}

/// A piece of the answer.
enum Piece {
    Text(Bytes),
    /// Bytes of a file.
    File(Arc<ImageFile>, Range<u64>),
}

/// The answer with its files in their places.
fn pieces(text: &str, files: &[Arc<ImageFile>]) -> Vec<Piece> {
    let mut files = files.iter();
    let mut pieces = Vec::new();
    for between in text.split_inclusive(PLACE) {
        pieces.push(Piece::Text(Bytes::copy_from_slice(between.as_bytes())));
        let Some(file) = files.next() else { continue };
        let mut from = 0;
        while from < file.length {
            let to = from.saturating_add(PART).min(file.length);
            pieces.push(Piece::File(Arc::clone(file), from..to));
            from = to;
        }
    }
    pieces
}

/// Reads and sends one piece after the other, so that memory holds one at a time.
///
/// If a piece can no longer be read, the answer ends there and is not valid JSON: breaking the connection off would
/// make the clients retry, and pay again.
fn written(pool: Pool, pieces: Vec<Piece>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let written = stream::iter(pieces).then(move |piece| write(pool.clone(), piece));
    written.take_while(|piece| ready(piece.is_some())).filter_map(|piece| ready(piece.map(Ok)))
}

async fn write(pool: Pool, piece: Piece) -> Option<Bytes> {
    let (file, part) = match piece {
        Piece::Text(text) => return Some(text),
        Piece::File(file, part) => (file, part),
    };
    match store::file_part(&pool, &file, part).await {
        Ok(Some(data)) => Some(STANDARD.encode(data).into()),
        Ok(None) => {
            tracing::warn!(image.id = %file.image, "a picture was deleted while it was sent");
            None
        }
        Err(error) => {
            tracing::warn!(image.id = %file.image, error = %chain(&error), "a picture could not be read while it was sent");
            None
        }
    }
}
