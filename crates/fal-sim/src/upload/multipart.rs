//! Large files in parts (fal docs: multipart upload, CDN token flow; the paths of the latter
//! are those of `fal_client`, `client.py`, `MultipartUpload`).

use actix_web::http::header::ETAG;
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Announcement;
use super::parts::{Part, Target};
use super::tokens::TokenHolder;
use crate::authorization::KeyHolder;
use crate::files;
use crate::problem::Problem;
use crate::server::Sim;

/// The parts of a finished upload, as the caller lists them.
#[derive(Deserialize)]
struct Finished {
    parts: Vec<Part>,
}

/// `POST /storage/upload/initiate-multipart`: opens an upload whose parts are sent without a key.
pub(crate) async fn initiate(
    _key: KeyHolder,
    body: web::Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let announcement = Announcement::read(&body)?;
    let content_type = announcement.content_type;
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let target = sim.uploads.open(content_type, false);
    let name = super::safe_name(announcement.file_name.as_deref());
    let file_url = files::url(&sim.base_url, target.file, &name);
    // fal's URL has a query, too; callers insert the part's number before it.
    let upload_url = format!("{file_url}/multipart/{}?storage_type=fal-cdn-v3", target.upload);
    Ok(HttpResponse::Ok().json(json!({"upload_url": upload_url, "file_url": file_url})))
}

/// `POST /files/upload/multipart`: opens an upload whose parts are sent with a token.
pub(crate) async fn open(
    _token: TokenHolder,
    request: HttpRequest,
    sim: web::Data<Sim>,
) -> HttpResponse {
    let target = sim.uploads.open(super::content_type(&request), true);
    let name = super::safe_name(super::header(&request, "X-Fal-File-Name"));
    let access_url = files::url(&sim.base_url, target.file, &name);
    HttpResponse::Ok().json(json!({"access_url": access_url, "uploadId": target.upload}))
}

/// `PUT .../multipart/{upload}/{number}`: receives one part.
pub(crate) async fn receive(
    token: Option<TokenHolder>,
    path: web::Path<(String, String, String, String)>,
    payload: Payload,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let (file, _, upload, number) = path.into_inner();
    let target = target(&file, &upload, token.as_ref())?;
    let number = number.parse().ok().ok_or(Problem::UnknownFile)?;
    let bytes = super::bytes(payload).await?;
    let part = sim.uploads.receive(target, number, bytes)?;
    Ok(HttpResponse::Ok().insert_header((ETAG, part.etag.clone())).json(part))
}

/// `POST .../multipart/{upload}/complete`: joins the parts to the file.
pub(crate) async fn complete(
    token: Option<TokenHolder>,
    path: web::Path<(String, String, String)>,
    body: web::Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let (file, name, upload) = path.into_inner();
    let target = target(&file, &upload, token.as_ref())?;
    let finished: Finished =
        serde_json::from_slice(&body).map_err(|error| Problem::Unreadable(error.to_string()))?;
    let whole = sim.uploads.complete(target, finished.parts)?;
    sim.media.keep_as(target.file, whole);
    let access_url = files::url(&sim.base_url, target.file, &name);
    Ok(HttpResponse::Ok().json(json!({"access_url": access_url})))
}

fn target(file: &str, upload: &str, token: Option<&TokenHolder>) -> Result<Target, Problem> {
    let id = |text| Uuid::parse_str(text).ok().ok_or(Problem::UnknownFile);
    Ok(Target { file: id(file)?, upload: id(upload)?, by_token: token.is_some() })
}
