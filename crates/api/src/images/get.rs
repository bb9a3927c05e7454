//! Fetch an image.

use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use darkroom_core::{
    links::{LinkSignature, Linked},
    store::{self, ImageId},
};

use super::{
    answer::answer,
    conditions::Conditions,
    not_found,
    query::{ThumbnailWidth, Wish},
    thumbnail,
};
use crate::{
    State,
    access::Caller,
    docs::refusals::BadLink,
    error::{ApiError, Problem},
    link,
};

/// The file itself.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents a body that is sent as it is stored")]
pub(crate) struct ImageFile(Vec<u8>);

/// Fetch an image
///
/// An image never changes, and is deleted with its job. With `w`, it comes scaled down: upright, in sRGB, without
/// metadata, as a JPEG, or as a PNG if it has transparency.
#[utoipa::path(get, path = "/api/images/{id}", tag = "images", operation_id = "get_image",
    params(
        ("id" = uuid::Uuid, Path, description = "The image's id, as it stands in the addresses of a job's images"),
        ("w" = inline(Option<ThumbnailWidth>), Query, description = "Scales the image down to this width in pixels; an image that is not wider is sent as it is"),
        ("download" = Option<u8>, Query, minimum = 0, maximum = 1, description = "1: browsers save the image to a file; 0, or if left out: they show it"),
        ("expires" = Option<u64>, Query, description = "Part of a signed link, to be sent as it is written there: when the link expires, in seconds since 1970"),
        ("signature" = Option<String>, Query, description = "Part of a signed link, to be sent as it is written there"),
        ("Range" = Option<String>, Header, nullable = false, description = "Asks for a part of the file: `bytes=0-999`, `bytes=1000-` or `bytes=-1000`. If it asks for several parts, the whole file is sent"),
        ("If-Range" = Option<String>, Header, nullable = false, description = "The `ETag` of the file that the client has a part of: if the file has another one, all of it is sent"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "`ETag`s of files that the client has: if the file is one of them, the answer is a 304 without a body"),
    ),
    responses(
        (status = 200, description = "The image",
            content((ImageFile = "image/jpeg"), (ImageFile = "image/png"), (ImageFile = "image/webp"), (ImageFile = "image/gif")),
            headers(
                ("ETag" = String, description = "Identifies the file; it never changes"),
                ("Cache-Control" = String, description = "`private, max-age=31536000, immutable`: the client may keep the file for ever"),
                ("Content-Disposition" = String, description = "A file name, made from the job's prompt"),
                ("Accept-Ranges" = String, description = "`bytes`: parts of the file can be requested with `Range`"),
            )),
        (status = 206, description = "The part that was asked for",
            content((ImageFile = "image/jpeg"), (ImageFile = "image/png"), (ImageFile = "image/webp"), (ImageFile = "image/gif")),
            headers(
                ("Content-Range" = String, description = "Which part is sent, and the length of the file: `bytes 0-999/5000`"),
                ("ETag" = String, description = "Identifies the whole file"),
                ("Cache-Control" = String, description = "`private, max-age=31536000, immutable`: the client may keep the file for ever"),
                ("Content-Disposition" = String, description = "A file name, made from the job's prompt"),
                ("Accept-Ranges" = String, description = "`bytes`: parts of the file can be requested with `Range`"),
            )),
        (status = 304, description = "The client has the file already (`If-None-Match`)",
            headers(
                ("ETag" = String, description = "Identifies the file that the client has"),
                ("Cache-Control" = String, description = "`private, max-age=31536000, immutable`: the client may keep the file for ever"),
            )),
        BadLink,
        (status = 404, description = "There is no image with this id, or it belongs to another API key", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "The file ends before the part that was asked for", body = Problem, content_type = "application/problem+json",
            headers(("Content-Range" = String, description = "The length of the file: `bytes */5000`"))),
        (status = 422, description = "A parameter is unknown or wrong, or was sent more than once; or the image cannot be scaled because it is damaged", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached, or too many images are being scaled; send the request again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn get(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let wish = Wish::parse(request.query_string())?;
    let id: ImageId = path.parse().map_err(|_malformed| not_found())?;
    admit(&state, &request, id, wish.signature).await?;
    let conditions = Conditions::of(&request);

    let small = match wish.width {
        Some(width) => thumbnail::find(&state, id, width, &conditions).await?,
        None => None,
    };
    let file = match small {
        Some(file) => file,
        None => store::image_file(&state.pool, id, conditions.whole_unless())
            .await?
            .ok_or_else(not_found)?,
    };
    answer(&state.pool, &request, &conditions, file, wish.is_download).await
}

/// Lets in a caller that sees the image's job, or a client with a signed link to the image.
async fn admit(
    state: &State,
    request: &HttpRequest,
    id: ImageId,
    signature: Option<LinkSignature>,
) -> Result<(), ApiError> {
    let refused = match Caller::extract(request).await {
        Ok(caller) if caller.sees_only().is_none() => return Ok(()),
        Ok(caller) => {
            let owner = store::image_owner(&state.pool, id).await?;
            if owner.is_some_and(|owner| caller.sees(owner)) {
                return Ok(());
            }
            not_found()
        }
        Err(refused) => refused,
    };
    link::admit(state, Linked::Image(id), signature, refused).await?;
    Ok(())
}
