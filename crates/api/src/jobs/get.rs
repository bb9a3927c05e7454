//! Read one job, at once or when it has changed.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web,
};

use super::{find, view::JobView, wait::Wait};
use crate::{
    State,
    access::Caller,
    conditional,
    docs::refusals::{DatabaseAway, NoSuchJob},
    error::{ApiError, Problem},
    watch::Snapshot,
};

/// The header that confirms a preference (RFC 7240, section 3).
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Read a job
///
/// With `wait`, the answer comes when the job has ended, or after that many seconds with the job as it is then. With
/// `If-None-Match` as well, it comes as soon as the job is not as the client has it.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", operation_id = "get_job",
    params(
        ("id" = uuid::Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it"),
        ("wait" = Option<u8>, Query, minimum = 0, maximum = 60, description = "How many seconds to wait: for the end of the job or, with `If-None-Match`, for any change; 0 if left out. `Prefer: wait=` means the same"),
        ("Prefer" = Option<String>, Header, nullable = false, description = "`wait=SECONDS`: the same as the parameter `wait`, which is used if both are sent. More than 60 seconds count as 60"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier answer: if nothing has changed since, the answer is a 304 without a body"),
    ),
    responses(
        (status = 200, description = "The job in its current state", body = JobView,
            headers(
                ("ETag" = String, description = "Identifies this state of the job, for `If-None-Match`"),
                ("Cache-Control" = String, description = "`private, no-cache`: the client may keep the answer, but must revalidate it each time"),
                ("Preference-Applied" = String, description = "`wait=SECONDS`: the wait that was used, where it came from `Prefer`"),
            )),
        (status = 304, description = "Nothing has changed: the client has the current state already (`If-None-Match`)"),
        NoSuchJob,
        (status = 422, description = "A parameter is unknown, or `wait` is not a whole number from 0 to 60 or was sent more than once", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn get(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let wait = Wait::of(&request)?;
    let mut snapshot = find(&state, &caller, &path).await?;
    let links = state.links(&request).await?;
    if wait.is_some() {
        let is_conditional = request.headers().contains_key(header::IF_NONE_MATCH);
        let is_news = |job: &Snapshot| {
            job.has_ended()
                || (is_conditional && !conditional::has(&request, &job.written(&links).tag.entity))
        };
        snapshot = wait.until(&state, snapshot.job.id, is_news).await?;
    }
    let written = snapshot.written(&links);
    let body = written.body.clone();
    let mut response = conditional::json(&state, &request, &written.tag, body)?;
    if let Some(applied) = wait.applied().and_then(|text| HeaderValue::try_from(text).ok()) {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    Ok(response)
}
