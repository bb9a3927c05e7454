//! Make a job from an image and a prompt.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentType},
    web,
};
use darkroom_core::job::{Job, JobId};

use super::{
    PREFERENCE_APPLIED,
    ask::{Answer, ask},
    idempotency::{self, REPLAYED},
    upload::{self, NewJobBody},
    view::JobView,
    wait::Wait,
};
use crate::{
    State,
    access::Caller,
    docs::refusals::ForeignPage,
    error::{ApiError, Problem},
    watch::Snapshot,
};

/// A request for a job, as a form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents the multipart body, which is read as a stream")]
pub(crate) struct NewJobForm {
    /// The picture to edit: JPEG, PNG, WebP or GIF (first frame). For models that take several pictures, send it
    /// several times. At least one is needed, unless there is an `image_url` or a `parent_id`.
    #[schema(required = false, value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    image: Vec<u8>,
    /// The address of a picture, in place of a file. It must answer a GET with the picture within 30 seconds, and must
    /// not be private.
    ///
    /// May be sent several times, and along with files; the order of the fields is that of the pictures.
    #[schema(nullable = false, example = "")]
    image_url: Option<String>,
    /// What to do with the picture, in up to 5,000 characters.
    #[schema(min_length = 1, max_length = 5000, example = "make it look like a woodcut")]
    prompt: String,
    /// The id of the model that makes the edit, as `GET /api/models` lists it; the default model if left out. This and
    /// all fields that follow may be left out, or sent empty.
    #[schema(nullable = false, example = "fal-ai/bytedance/seedream/v4/edit")]
    model: Option<String>,
    /// How many pictures to make; 1 if left out.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    num_images: Option<u8>,
    /// The same seed makes the same picture: a whole number of up to 63 bits.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    seed: Option<i64>,
    /// The result's size: `WIDTHxHEIGHT` in pixels such as `2048x1536`, or a name that the model knows. If left out, it
    /// has the proportions of the picture, or the nearest ones that the model makes.
    #[schema(nullable = false, example = "")]
    image_size: Option<String>,
    /// The result's proportions: `WIDTH:HEIGHT` such as `4:3`, or `auto`. In place of `image_size`.
    #[schema(nullable = false, example = "")]
    aspect_ratio: Option<String>,
    /// The result's resolution, by a name that the model knows, such as `2K`.
    #[schema(nullable = false, example = "")]
    resolution: Option<String>,
    /// The result's format: `jpeg`, `png` or `webp`.
    #[schema(nullable = false, pattern = "^(jpeg|png|webp)?$", example = "")]
    output_format: Option<String>,
    /// Whether the model's safety checker looks at the result: `true` or `false`.
    #[schema(value_type = String, required = false, pattern = "^(true|false)?$", example = "")]
    enable_safety_checker: Option<bool>,
    /// How tolerant the model's safety check is; a higher number lets more pass.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    safety_tolerance: Option<u8>,
    /// Jobs of higher priority go first: -100 to 100; 0 if left out.
    #[schema(value_type = String, required = false, pattern = "^(-?[0-9]+)?$", example = "")]
    priority: Option<i16>,
    /// The job does not start before this moment (RFC 3339), which may be 30 days ahead at most; at once if left out.
    #[schema(nullable = false, example = "")]
    run_at: Option<String>,
    /// The address that is told of the job's events, by a POST that is signed as in Standard Webhooks. Up to 2,000
    /// characters; it must not be private.
    #[schema(nullable = false, example = "")]
    webhook_url: Option<String>,
    /// Which events: `job.processing`, `job.completed`, `job.failed`, `job.cancelled`, separated by commas; the last
    /// three if left out.
    #[schema(nullable = false, example = "")]
    webhook_events: Option<String>,
    /// The id of a completed job whose result to edit, in place of pictures. The result is copied, so it stays when
    /// that job is deleted.
    #[schema(nullable = false, example = "")]
    parent_id: Option<String>,
    /// Which of that job's results, counted from 0; the first if left out.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    parent_image: Option<u16>,
    /// Whether another job's results may be used, if its pictures, prompt, model and options are the same. `default`:
    /// if there is a `seed`; `prefer`: also without one; `bypass`: never.
    #[schema(nullable = false, pattern = "^(default|prefer|bypass)?$", example = "")]
    cache: Option<String>,
    /// Data of your own that is shown with the job: a JSON object of up to 4,096 bytes, 50 keys and 3 levels.
    #[schema(nullable = false, example = "")]
    metadata: Option<String>,
}

/// Ask for an edit
///
/// The answer comes at once; follow the job at its `Location`. With `wait`, the answer comes when the job has ended, or
/// after that many seconds with the job as it is then; the job goes on in either case. If the job is deleted meanwhile,
/// the answer comes at once, with the job as it was made.
///
/// If another job already has the results of the same request, `seed` included, the new job is completed at once with
/// them, is marked `cached` and costs nothing. The field `cache` changes this.
///
/// With an `Idempotency-Key`, the same request sent again within 24 hours makes no second job, even if both arrive at
/// the same time: the answer is the first one's job, as it is by then, with `Idempotent-Replayed: true`. Requests are
/// the same if their fields and pictures are, however the body encodes them.
#[utoipa::path(post, path = "/api/jobs", tag = "jobs", operation_id = "create_job",
    params(
        ("wait" = Option<u8>, Query, minimum = 0, maximum = 60, description = "How many seconds to wait for the job's end; 0 if left out. `Prefer: wait=` means the same"),
        ("Prefer" = Option<String>, Header, nullable = false, description = "`wait=SECONDS`: the same as the parameter `wait`, which is used if both are sent. More than 60 seconds count as 60"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 200, pattern = "^[!-~]*$", description = "A name for this request that the caller chooses, of visible ASCII characters: sent again with the same key, the request makes no second job"),
    ),
    request_body(content((NewJobForm = "multipart/form-data"), (NewJobBody<'_> = "application/json"))),
    responses(
        (status = 201, description = "The job is stored and will be worked on; or it was made before under the same `Idempotency-Key`", body = JobView,
            headers(
                ("Location" = String, description = "The job's address"),
                ("ETag" = String, description = "Identifies this state of the job, for `If-None-Match`"),
                ("Preference-Applied" = String, description = "`wait=SECONDS`: the wait that was used, where it came from `Prefer`"),
                ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this `Idempotency-Key` had made the job; else not sent"),
            )),
        (status = 400, description = "The body is incomplete or not well-formed", body = Problem, content_type = "application/problem+json"),
        ForeignPage,
        (status = 404, description = "There is no job with the `parent_id`, or it belongs to another API key", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The job that was made under this `Idempotency-Key` is deleted", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The pictures have too many bytes", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is neither multipart/form-data nor JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or wrong; `field` and `detail` say which and how", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The caller makes jobs too fast, has too many requests under way or too many jobs that have not ended, or too little of its budget is left; `code` and `detail` say which", body = Problem, content_type = "application/problem+json",
            headers(("Retry-After" = u32, description = "How many seconds to wait before sending the request again"))),
        (status = 503, description = "The database cannot be reached, or too many pictures are being fetched. It may not be known whether the job was made: send the request again after `Retry-After`, with the same `Idempotency-Key`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let wait = Wait::of(&request)?;
    let key = idempotency::key(&request)?;
    let upload = upload::read(&request, payload, &state, key).await?;
    // Before the job is made: from then on, only its end is waited for.
    let links = state.links(&request).await?;
    let Answer { job: id, made } = ask(&state, &caller, upload).await?;
    let is_replayed = made.is_none();

    let location = format!("{}/api/jobs/{id}", links.base());
    let snapshot = look(&state, id, made, wait).await?;
    let written = snapshot.written(&links);
    let mut response = HttpResponse::Created();
    if let Some(applied) = wait.applied() {
        response.insert_header((PREFERENCE_APPLIED, applied));
    }
    if is_replayed {
        response.insert_header((REPLAYED, "true"));
    }
    Ok(response
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::ETAG, written.tag.header.clone()))
        .insert_header(ContentType::json())
        .body(written.body.clone()))
}

/// The job as it is answered: as it was made, or else as it is after the wait.
async fn look(
    state: &State,
    id: JobId,
    made: Option<Box<Job>>,
    wait: Wait,
) -> Result<Arc<Snapshot>, ApiError> {
    let made = match made.map(|job| Arc::new(Snapshot::new(*job))) {
        Some(made) if !wait.is_some() => return Ok(made),
        made => made,
    };
    match wait.until(state, id, Snapshot::has_ended).await {
        // It was deleted meanwhile.
        Err(ApiError::NotFound(_)) => made.ok_or(ApiError::JobDeleted),
        latest => latest.map_err(ApiError::after_making),
    }
}
