//! Try failed jobs again, many at a time.

use actix_web::web;
use bytes::Bytes;
use darkroom_core::{
    job::JobId,
    queue::{self, FailedJobs},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    State,
    docs::refusals::{DatabaseAway, NoOperatorOrForeignPage},
    error::{ApiError, Code, Problem},
    jobs::moment,
    json,
};

/// The most jobs of one request, and how many it is if the request does not say.
const MOST: u16 = 1000;

/// Which failed jobs to try again; a field that is left out matches all.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "deadline_exceeded", "since": "2026-01-31T00:00:00Z"}))]
pub(crate) struct Wanted {
    /// Why they failed: the `code` of their `error`.
    #[schema(example = "deadline_exceeded")]
    code: Option<String>,
    /// The model that they ask for.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    model: Option<String>,
    /// Failed at this moment or later.
    #[schema(format = DateTime, example = "2026-01-31T00:00:00Z")]
    since: Option<String>,
    /// Failed before this moment.
    #[schema(format = DateTime, example = "2027-01-31T00:00:00Z")]
    until: Option<String>,
    /// How many at most, the oldest first; 1000 if left out, and never more than that.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// The jobs that are tried again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Retried {
    /// The jobs' ids. If they are as many as `limit`, there may be more.
    #[schema(value_type = Vec<uuid::Uuid>)]
    jobs: Vec<JobId>,
}

/// Try failed jobs again
#[utoipa::path(post, path = "/api/admin/queue/retry", tag = "admin", operation_id = "retry_jobs",
    request_body = Wanted,
    responses(
        (status = 200, description = "The jobs wait for their next attempt", body = Retried),
        (status = 400, description = "The body is incomplete or not well-formed JSON", body = Problem, content_type = "application/problem+json"),
        NoOperatorOrForeignPage,
        (status = 422, description = "A field is unknown or wrong; `field` names it", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn retry(
    state: web::Data<State>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<web::Json<Retried>, ApiError> {
    let Wanted { code, model, since, until, limit } = json::read(&json::whole(body)?)?;
    let limit = limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("The limit must be a whole number from 1 to {MOST}.");
        return Err(ApiError::invalid(Code::OutOfRange, "limit", detail));
    }
    for (field, text) in [("code", &code), ("model", &model)] {
        if text.as_ref().is_some_and(|text| text.contains('\0')) {
            return Err(ApiError::nul(field));
        }
    }
    let since = since.map(|since| moment("since", &since)).transpose()?;
    let until = until.map(|until| moment("until", &until)).transpose()?;
    let wanted = FailedJobs { code, model, since, until };
    let failed = queue::failed_jobs(&state.pool, &wanted, limit).await?;
    let reopened = queue::reopen(&state.pool, &failed, Some(state.deadline)).await;
    for job in failed {
        state.watch.changed(job);
    }
    let jobs = reopened?;
    tracing::info!(jobs = jobs.len(), "failed jobs are tried again");
    Ok(web::Json(Retried { jobs }))
}
