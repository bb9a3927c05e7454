//! `GET /files/b/{id}/{name}`: uploads and results, open to anyone with the link
//! (fal docs: result media).

use actix_web::{HttpResponse, web};
use uuid::Uuid;

use crate::problem::Problem;
use crate::server::Sim;

/// The public URL of a file.
pub(crate) fn url(base_url: &str, id: Uuid, name: &str) -> String {
    format!("{base_url}/files/b/{id}/{name}")
}

/// The id in one of the stand-in's own URLs; `None` for any other URL.
pub(crate) fn own_id<'a>(base_url: &str, url: &'a str) -> Option<&'a str> {
    let rest = url.strip_prefix(base_url)?.strip_prefix("/files/b/")?;
    rest.split('/').next()
}

pub(crate) async fn serve(
    path: web::Path<(String, String)>,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::parse_str(&path.0).ok().ok_or(Problem::UnknownFile)?;
    let file = sim.media.get(id).ok_or(Problem::UnknownFile)?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header(("Cache-Control", "public, max-age=31536000, immutable"))
        .body(file.bytes))
}
