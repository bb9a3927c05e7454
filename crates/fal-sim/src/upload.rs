//! Uploads by callers, in each of fal's ways (fal docs: input files).
//!
//! - [`two_step`]: the key gets an upload URL, to which the bytes are sent without a key.
//! - [`cdn`]: the key gets a token, with which the bytes are sent.
//! - [`multipart`]: either, for a large file in parts.

pub(crate) mod cdn;
pub(crate) mod multipart;
pub(crate) mod parts;
pub(crate) mod tokens;
pub(crate) mod two_step;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use bytes::Bytes;
use serde::Deserialize;

use crate::problem::Problem;

/// The largest upload in one piece, and the largest part. fal has no limit here, but memory has.
const UPLOAD_BYTES: usize = 64 * 1024 * 1024;

/// What a caller says about a file before sending it.
#[derive(Deserialize)]
struct Announcement {
    content_type: Option<String>,
    file_name: Option<String>,
}

impl Announcement {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| Problem::Unreadable(error.to_string()))
    }
}

fn content_type(request: &HttpRequest) -> String {
    header(request, CONTENT_TYPE.as_str()).unwrap_or("application/octet-stream").to_owned()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

async fn bytes(payload: Payload) -> Result<Bytes, Problem> {
    let read = payload.to_bytes_limited(UPLOAD_BYTES).await;
    read.ok()
        .ok_or(Problem::TooLarge(UPLOAD_BYTES))?
        .map_err(|error| Problem::Unreadable(error.to_string()))
}

/// The name of a file in its URL: the harmless characters of the given one.
fn safe_name(given: Option<&str>) -> String {
    let name: String = given
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter))
        .take(100)
        .collect();
    // Clients that follow the URL would resolve a dot segment away.
    let name = name.trim_start_matches('.');
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}
