//! Make an edit and wait for it.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use darkroom_core::job::{JobId, Status};
use tokio::time::Instant;

use super::{
    error::{ErrorBody, SHOULD_RETRY, flag},
    form::{EditForm, by_their_names},
    patience::patience,
    pictures::{self, ImagesView},
    schema::EditFormSchema,
    unanswered::Unanswered,
};
use crate::{
    State,
    access::Caller,
    error::ApiError,
    jobs::{
        REPLAYED,
        ask::{Answer, ask},
        idempotency, upload,
        wait::Wait,
    },
    request_log::REQUEST_ID,
    watch::Snapshot,
};

/// Edit, for OpenAI's clients
///
/// Makes the same job as `POST /api/jobs`, and answers when it has ended. If the client goes away, the job still goes
/// on, and is found at `Location` and in `GET /api/jobs`.
///
/// The answer comes after 570 seconds at the latest, and before the client gives up if its headers say when
/// (`x-stainless-read-timeout`, `x-stainless-timeout`). If the edit is not done by then, the answer is a 504
/// `still_running`. If a proxy cuts requests off earlier, set the client's `timeout` to less than the proxy's.
///
/// OpenAI's clients retry by themselves, without an `Idempotency-Key`. So `x-should-retry` tells them not to wherever a
/// retry would be another edit to pay for. With an `Idempotency-Key`, a retry waits for the same edit.
#[utoipa::path(post, path = "/v1/images/edits", tag = "openai", operation_id = "openai_edit",
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]*$", description = "The same as for `POST /api/jobs`: a name for this request, under which it makes only one job"),
    ),
    request_body(content((EditFormSchema = "multipart/form-data"))),
    responses(
        (status = 200, description = "The edit is done", body = ImagesView,
            headers(
                ("Location" = String, description = "The job's address"),
                ("x-request-id" = String, description = "The job's id"),
                ("Idempotent-Replayed" = Option<String>, description = "`true` if an earlier request with this `Idempotency-Key` had made the job; else not sent"),
            )),
        (status = 400, description = "The request is wrong; or the edit was refused because of the picture, the prompt or the options, such as with `moderation_blocked`", body = ErrorBody),
        (status = 403, description = "The request comes from a web page whose origin is not among `CORS_ALLOWED_ORIGINS`", body = ErrorBody),
        (status = 409, description = "The job was cancelled or deleted", body = ErrorBody),
        (status = 413, description = "The pictures have too many bytes", body = ErrorBody),
        (status = 502, description = "The edit failed, and neither the picture nor the prompt nor the options are the reason", body = ErrorBody),
        (status = 503, description = "The database cannot be reached, or too much is requested at the moment; `x-should-retry` says whether to send the request again", body = ErrorBody),
        (status = 504, description = "The edit takes longer than the client waits, and goes on (`still_running`); or it took longer than a job may take", body = ErrorBody,
            headers(
                ("Location" = String, description = "The job's address"),
                ("x-request-id" = String, description = "The job's id"),
                ("x-should-retry" = String, description = "`true` if an `Idempotency-Key` was sent and the edit may still be completed"),
            )),
    ))]
pub(crate) async fn edit(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let until = Instant::now() + patience(request.headers());
    let key = idempotency::key(&request)?;
    let has_key = key.is_some();
    let mut form = EditForm::default();
    let upload = upload::read_form(&request, payload, &state, key, &mut form).await;
    let upload = upload.map_err(by_their_names)?;
    // Before the job is made: from then on, only its end is waited for.
    let links = state.links(&request).await?;
    let Answer { job, made } = ask(&state, &caller, upload).await?;

    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::LOCATION, format!("{}/api/jobs/{job}", links.base())))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // The clients show this id in their errors and logs (source: openai-python, `_request_id`).
        .insert_header((REQUEST_ID, job.to_string()));
    if made.is_none() {
        response.insert_header((REPLAYED, "true"));
    }
    let sent = match end(&state, job, until).await {
        Ok(ended) => {
            pictures::send(&mut response, &state.pool, &ended.job, form.delivery, &links).await
        }
        Err(unanswered) => Err(unanswered),
    };
    Ok(sent.unwrap_or_else(|unanswered| {
        let (status, body) = unanswered.answer(job);
        let should_retry = has_key && unanswered.may_end_well();
        response.status(status).insert_header((SHOULD_RETRY, flag(should_retry))).json(body)
    }))
}

/// Waits for a job to be completed, until `until` at most.
async fn end(state: &State, job: JobId, until: Instant) -> Result<Arc<Snapshot>, Unanswered> {
    let wait = Wait::of_time(until.saturating_duration_since(Instant::now()));
    let latest = wait.until(state, job, Snapshot::has_ended).await;
    let latest = latest.map_err(|error| Unanswered::because_of(&error))?;
    match latest.job.status {
        Status::Completed => Ok(latest),
        Status::Cancelled => Err(Unanswered::Cancelled),
        Status::Pending | Status::Processing => Err(Unanswered::Running),
        Status::Failed => {
            let failure = latest.job.failure.clone();
            Err(failure.map_or(Unanswered::Away, Unanswered::Failed))
        }
    }
}
