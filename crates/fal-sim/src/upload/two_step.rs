//! The two-step upload (fal docs: two-step REST upload).

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use uuid::Uuid;

use super::Announcement;
use crate::authorization::KeyHolder;
use crate::files;
use crate::media::File;
use crate::problem::Problem;
use crate::server::Sim;

/// `POST /storage/upload/initiate`: returns where to send the bytes and where they will be.
pub(crate) async fn initiate(
    _key: KeyHolder,
    body: web::Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let announcement = Announcement::read(&body)?;
    let name = super::safe_name(announcement.file_name.as_deref());
    let id = sim.media.announce();
    Ok(HttpResponse::Ok().json(json!({
        "upload_url": format!("{}/files/upload/{id}/{name}", sim.base_url),
        "file_url": files::url(&sim.base_url, id, &name),
    })))
}

/// `PUT {upload_url}`: stores the bytes, without a key. They are served with the same content type.
pub(crate) async fn receive(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: Payload,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::parse_str(&path.0).ok().ok_or(Problem::UnknownFile)?;
    let content_type = super::content_type(&request);
    let bytes = super::bytes(payload).await?;
    if !sim.media.receive(id, File { content_type, bytes }) {
        return Err(Problem::UnknownFile);
    }
    Ok(HttpResponse::Ok().finish())
}
