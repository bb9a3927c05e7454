//! A job's timeline: its submissions to the provider, and what came of each.

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
    docs::refusals::{DatabaseAway, NoSuchJob},
    error::ApiError,
    money,
};

/// One submission to the provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptView {
    /// Counts a job's attempts, from 1.
    number: i16,
    /// `open`, `completed`, `failed`, `cancelled`, or `unknown`: it could not be found out whether the provider got it,
    /// so it may be paid for and lost.
    #[schema(example = "completed")]
    outcome: String,
    /// The worker process that made it.
    worker: Uuid,
    /// Why it failed, as the `code` of a job's `error`; null unless it did.
    #[schema(required)]
    failure_code: Option<String>,
    /// Whether another attempt may help: `retry` if so, `never` if not; null unless it failed.
    #[schema(required, example = "retry")]
    failure_class: Option<String>,
    /// The request's id at the provider; null until the provider's answer is known.
    #[schema(required)]
    provider_request_id: Option<String>,
    /// When its worker claimed the job.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    claimed_at: Option<OffsetDateTime>,
    /// When it was recorded, just before it was submitted.
    #[serde(with = "rfc3339")]
    began_at: OffsetDateTime,
    /// When the provider's answer was recorded: by then it was in the provider's queue.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    submitted_at: Option<OffsetDateTime>,
    /// When it was first seen to run; null if it ended between two checks.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    running_at: Option<OffsetDateTime>,
    /// When its results were stored here.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    archived_at: Option<OffsetDateTime>,
    /// When the provider notified us, by its webhook, that the request had ended.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    notice_at: Option<OffsetDateTime>,
    /// When its outcome was known.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
    /// Seconds that the edit itself took; null where the provider does not say.
    #[schema(required)]
    inference_seconds: Option<f64>,
    /// What the provider charged, in the model's units; null where it does not say.
    #[schema(required)]
    billed_units: Option<f64>,
    /// What it cost in US dollars, by the model's price; null if that is not known.
    #[schema(required, example = 0.03)]
    cost_usd: Option<f64>,
}

/// Read a job's attempts
///
/// All submissions to the provider, the oldest first.
#[utoipa::path(get, path = "/api/jobs/{id}/attempts", tag = "jobs", operation_id = "list_attempts",
    params(("id" = Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it")),
    responses(
        (status = 200, description = "The attempts so far; none before the first submission", body = Vec<AttemptView>),
        NoSuchJob,
        DatabaseAway,
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
