//! The two-step upload (fal docs: two-step REST upload).

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::authorization::KeyHolder;
use crate::files;
use crate::media::File;
use crate::problem::Problem;
use crate::server::Sim;

/// The largest upload. fal has no limit here; this memory has.
const UPLOAD_BYTES: usize = 64 * 1024 * 1024;

#[derive(Deserialize)]
struct Announcement {
    file_name: Option<String>,
}

/// `POST /storage/upload/initiate`: answers where to put the bytes and where they will be.
pub(crate) async fn initiate(
    _key: KeyHolder,
    body: web::Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let announcement: Announcement =
        serde_json::from_slice(&body).map_err(|error| Problem::Unreadable(error.to_string()))?;
    let name = safe_name(announcement.file_name.as_deref());
    let id = sim.media.announce();
    Ok(HttpResponse::Ok().json(json!({
        "upload_url": format!("{}/files/upload/{id}/{name}", sim.base_url),
        "file_url": files::url(&sim.base_url, id, &name),
    })))
}

/// `PUT {upload_url}`: takes the bytes, with no key and the content type they are served with.
pub(crate) async fn receive(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: Payload,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::parse_str(&path.0).ok().ok_or(Problem::UnknownFile)?;
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/octet-stream")
        .to_owned();
    let bytes = payload
        .to_bytes_limited(UPLOAD_BYTES)
        .await
        .ok()
        .ok_or(Problem::TooLarge(UPLOAD_BYTES))?
        .map_err(|error| Problem::Unreadable(error.to_string()))?;

    if !sim.media.receive(id, File { content_type, bytes }) {
        return Err(Problem::UnknownFile);
    }
    Ok(HttpResponse::Ok().finish())
}

/// The name a file has in its URL: what is harmless of the one its owner gave.
fn safe_name(given: Option<&str>) -> String {
    let name: String = given
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter))
        .take(100)
        .collect();
    // A dot segment would be resolved away by whoever follows the URL.
    let name = name.trim_start_matches('.');
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}
