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
        ("id" = uuid::Uuid, Path, description = "From a job's image addresses"),
        ("w" = inline(Option<ThumbnailWidth>), Query, description = "Width in pixels; an image that is no wider comes as it is"),
        ("download" = Option<u8>, Query, minimum = 0, maximum = 1, description = "1 to be saved to a file by a browser, 0 (as without) to be shown"),
        ("expires" = Option<u64>, Query, description = "Of a signed link, as it was written: seconds since 1970"),
        ("signature" = Option<String>, Query, description = "Of a signed link, as it was written"),
        ("Range" = Option<String>, Header, nullable = false, description = "A part of the file: `bytes=0-999`, `bytes=1000-` or `bytes=-1000`. Where several are asked for, all of it is sent"),
        ("If-Range" = Option<String>, Header, nullable = false, description = "The file's `ETag`: with another one, all of it is sent"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "`ETag`s of files that the client has"),
    ),
    responses(
        (status = 200, description = "The image",
            content((ImageFile = "image/jpeg"), (ImageFile = "image/png"), (ImageFile = "image/webp"), (ImageFile = "image/gif")),
            headers(
                ("ETag" = String, description = "Of this file; it never gets another"),
                ("Cache-Control" = String, description = "It can be kept for good"),
                ("Content-Disposition" = String, description = "A name for the file, made from the job's prompt"),
                ("Accept-Ranges" = String, description = "`bytes`"),
            )),
        (status = 206, description = "The part that was asked for",
            content((ImageFile = "image/jpeg"), (ImageFile = "image/png"), (ImageFile = "image/webp"), (ImageFile = "image/gif")),
            headers(
                ("Content-Range" = String, description = "Which part it is: `bytes 0-999/5000`"),
                ("ETag" = String, description = "Of the whole file"),
                ("Cache-Control" = String, description = "It can be kept for good"),
                ("Content-Disposition" = String, description = "A name for the file, made from the job's prompt"),
                ("Accept-Ranges" = String, description = "`bytes`"),
            )),
        (status = 304, description = "The client has it already (`If-None-Match`)",
            headers(
                ("ETag" = String, description = "Of the file that it has"),
                ("Cache-Control" = String, description = "It can be kept for good"),
            )),
        (status = 403, description = "The link is not ours, not to this image, or has expired", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "The file ends before the part that was asked for", body = Problem, content_type = "application/problem+json",
            headers(("Content-Range" = String, description = "How many bytes there are: `bytes */5000`"))),
        (status = 422, description = "`w` or `download` is not what it should be, or the image cannot be scaled because it is damaged", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away, or too many images are being scaled; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn get(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let wish = Wish::parse(request.query_string())?;
    let id: ImageId = path.parse().map_err(|_malformed| not_found())?;
    admit(&state, &request, id, wish.signature.as_ref()).await?;
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

/// Lets in a client with a signed link to the image, or a caller that sees its job. For others it does not exist.
async fn admit(
    state: &State,
    request: &HttpRequest,
    id: ImageId,
    signature: Option<&LinkSignature>,
) -> Result<(), ApiError> {
    if let Some(signature) = signature {
        return link::check(state, Linked::Image(id), signature).await;
    }
    let caller = Caller::extract(request).await?;
    if caller.sees_only().is_none() {
        return Ok(());
    }
    let owner = store::image_owner(&state.pool, id).await?;
    if owner.is_some_and(|owner| caller.sees(owner)) { Ok(()) } else { Err(not_found()) }
}
