//! The images of jobs: what callers gave and what came of it.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ETag, EntityTag, Header, IfNoneMatch},
    web,
};
use darkroom_core::{
    images::MediaType,
    store::{self, ImageId},
};

use crate::{State, error::ApiError, error::Problem};

/// The file itself.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents a body that is sent as it is stored")]
pub(crate) struct ImageFile(Vec<u8>);

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api/images/{id}").get(get).head(get));
}

/// Fetch an image
///
/// An image never changes; it goes when its job is deleted.
#[utoipa::path(get, path = "/api/images/{id}", tag = "images", operation_id = "get_image",
    params(("id" = uuid::Uuid, Path, description = "From a job's image addresses")),
    responses(
        (status = 200, description = "The image", content(
            (ImageFile = "image/jpeg"), (ImageFile = "image/png"), (ImageFile = "image/webp"), (ImageFile = "image/gif"))),
        (status = 304, description = "The client has it already (`If-None-Match`)"),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn get(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let not_found = ApiError::NotFound("There is no image with this id.");
    let Ok(id) = path.parse::<ImageId>() else {
        return Err(not_found);
    };
    let Some(image) = store::image(&state.pool, id).await? else {
        return Err(not_found);
    };

    let tag = EntityTag::new_strong(hex(&image.sha256));
    let caching = (header::CACHE_CONTROL, "private, max-age=31536000, immutable");
    if has(&request, &tag) {
        return Ok(HttpResponse::NotModified()
            .insert_header(ETag(tag))
            .insert_header(caching)
            .finish());
    }
    let extension = image.media_type.parse().map_or("bin", MediaType::extension);
    let disposition = format!("inline; filename=\"darkroom-{id}.{extension}\"");
    Ok(HttpResponse::Ok()
        .content_type(image.media_type)
        .insert_header(ETag(tag))
        .insert_header(caching)
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(image.data))
}

fn has(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
