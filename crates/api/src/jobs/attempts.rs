//! A job's timeline: what was submitted for it, and what came of each.

use actix_web::web;
use darkroom_core::store::{self, Attempt};
use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{find, not_found};
use crate::{
    State,
    access::Caller,
    error::{ApiError, Problem},
    money,
};

/// One submission to the provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptView {
    /// 1 for a job's first.
    number: i16,
    /// `open`, `completed`, `failed`, `cancelled`, or `unknown`: it never came out whether the provider has it, so it
    /// may be paid for and lost.
    #[schema(example = "completed")]
    outcome: String,
    /// The worker process that made it.
    worker: Uuid,
    /// Why it failed, as a job's failure would say it; null unless it did.
    #[schema(required)]
    failure_code: Option<String>,
    /// Of its failure: `retry` where another attempt may help, `never` where not.
    #[schema(required, example = "retry")]
    failure_class: Option<String>,
    /// Names the request at the provider; null until its answer is known.
    #[schema(required)]
    provider_request_id: Option<String>,
    /// When its worker claimed the job.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    claimed_at: Option<OffsetDateTime>,
    /// When it was written down, just before it was submitted.
    #[serde(with = "rfc3339")]
    began_at: OffsetDateTime,
    /// When the provider's answer was recorded: from then on it is in the provider's queue.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    submitted_at: Option<OffsetDateTime>,
    /// When it was first seen to run; null where it ended between two looks.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    running_at: Option<OffsetDateTime>,
    /// When its results were kept here.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    archived_at: Option<OffsetDateTime>,
    /// When the provider said by itself that the request had ended.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    notice_at: Option<OffsetDateTime>,
    /// When its outcome was known.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
    /// Seconds that the edit itself took, where the provider says so.
    #[schema(required)]
    inference_seconds: Option<f64>,
    /// What the provider charged, in the model's units, where it says so.
    #[schema(required)]
    billed_units: Option<f64>,
    /// What it cost in US dollars, by the model's price; null where that cannot be told.
    #[schema(required, example = 0.03)]
    cost_usd: Option<f64>,
}

/// Read a job's attempts
///
/// Each submission to the provider, the first one first.
#[utoipa::path(get, path = "/api/jobs/{id}/attempts", tag = "jobs", operation_id = "list_attempts",
    params(("id" = Uuid, Path, description = "As it was answered when the job was made")),
    responses(
        (status = 200, description = "The attempts so far; none before the first submission", body = Vec<AttemptView>),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    state: web::Data<State>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<web::Json<Vec<AttemptView>>, ApiError> {
    let attempts = store::attempts(&state.pool, find(&state, &caller, &path).await?.job.id)
        .await?
        .ok_or_else(not_found)?;
    Ok(web::Json(attempts.into_iter().map(Into::into).collect()))
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            outcome: attempt.outcome.unwrap_or_else(|| "open".into()),
            worker: attempt.worker_id,
            failure_code: attempt.failure_code,
            failure_class: attempt.failure_class,
            provider_request_id: attempt.provider_request_id,
            claimed_at: attempt.claimed_at,
            began_at: attempt.began_at,
            submitted_at: attempt.submitted_at,
            running_at: attempt.running_at,
            archived_at: attempt.archived_at,
            notice_at: attempt.notice_at,
            ended_at: attempt.ended_at,
            inference_seconds: attempt.inference_seconds,
            billed_units: attempt.billed_units,
            cost_usd: attempt.cost_micros.map(money::usd),
        }
    }
}
