//! Make a job of an image and a prompt.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use darkroom_core::{job::NewJob, model, store};

use super::{upload, view::JobView};
use crate::{
    State,
    error::{ApiError, Problem},
};

/// What to post.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents the multipart body, which is read as a stream")]
pub(crate) struct NewJobForm {
    /// The picture to edit: JPEG, PNG, WebP or GIF (first frame).
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    image: Vec<u8>,
    /// What to do with it, in up to 5,000 characters.
    #[schema(min_length = 1, max_length = 5000, example = "make it look like a woodcut")]
    prompt: String,
}

/// Ask for an edit
///
/// The answer comes at once; follow the job at its `Location`.
#[utoipa::path(post, path = "/api/jobs", tag = "jobs", operation_id = "create_job",
    request_body(content = NewJobForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The job is kept and will be worked on", body = JobView,
            headers(("Location" = String, description = "Address of the job"))),
        (status = 400, description = "The body breaks off or is not well-formed", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A page of a foreign origin asks", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The image has too many bytes", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not multipart/form-data", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or wrong; `field` and `detail` say which and how", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away, nothing was stored; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let upload = upload::read(&request, payload, &state.limits).await?;
    let new = NewJob {
        prompt: upload.prompt,
        model: model::SEEDREAM_V4_EDIT.into(),
        input: upload.image,
    };
    let job = store::create(&state.pool, &new).await?;
    state.waker.wake();
    tracing::info!(job.id = %job.id, bytes = new.input.data.len(), "a job was accepted");

    let location = state.link(&request, &format!("/api/jobs/{}", job.id));
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(JobView::new(job, &state, &request)))
}
