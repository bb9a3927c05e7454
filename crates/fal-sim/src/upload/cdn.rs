//! Uploads with a CDN token (fal docs: CDN token flow).

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

use super::tokens::{LIFETIME, TokenHolder};
use crate::authorization::KeyHolder;
use crate::media::File;
use crate::problem::Problem;
use crate::server::Sim;
use crate::{clock, files};

/// UTC is written as an offset, as older Pythons cannot read RFC 3339's `Z`.
const MOMENT: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");

/// `POST /storage/auth/token`: a token for the CDN, and where to use it.
pub(crate) async fn token(_key: KeyHolder, sim: web::Data<Sim>) -> impl Responder {
    let expires_at: OffsetDateTime = clock::now() + LIFETIME;
    HttpResponse::Ok().json(json!({
        "token": sim.tokens.issue(),
        "token_type": "Bearer",
        "base_url": sim.base_url,
        "expires_at": expires_at.format(MOMENT).unwrap_or_default(),
    }))
}

/// `POST /files/upload`: stores the bytes and returns their URL.
pub(crate) async fn upload(
    _token: TokenHolder,
    request: HttpRequest,
    payload: Payload,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let name = super::safe_name(super::header(&request, "X-Fal-File-Name"));
    let content_type = super::content_type(&request);
    let bytes = super::bytes(payload).await?;
    let id = sim.media.keep(File { content_type, bytes });
    Ok(HttpResponse::Ok().json(json!({"access_url": files::url(&sim.base_url, id, &name)})))
}
