//! The current state of the queue.

use actix_web::web;
use darkroom_core::queue::{self, Rule, Standing};
use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};
use utoipa::ToSchema;

use crate::{
    State,
    docs::refusals::{DatabaseAway, NoOperator},
    error::ApiError,
    health::HaltView,
};

/// The current state of the queue.
#[derive(Serialize, ToSchema)]
#[schema(as = Queue)]
pub(crate) struct QueueView {
    /// Worker processes that are registered.
    workers: i64,
    /// Why submissions are halted; null unless the provider does not accept the account.
    #[schema(required)]
    halted: Option<HaltView>,
    /// The unfinished jobs of each model that has any.
    models: Vec<StandingView>,
    /// Limits and pauses that were set at run time.
    rules: Vec<RuleView>,
}

/// How many of a model's jobs are where.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
struct StandingView {
    /// The model's id.
    model: String,
    /// Jobs that are due and wait for a submission.
    in_line: i64,
    /// Jobs that are not due yet: they wait for their start, or for their next attempt.
    resting: i64,
    /// Jobs that a worker has, or whose request may run at the provider.
    in_flight: i64,
    /// The age of the oldest job in line, in seconds; null if none is in line.
    #[schema(required)]
    oldest_seconds: Option<i64>,
}

/// A limit or a pause that was set at run time.
#[derive(Serialize, ToSchema)]
#[schema(as = Rule)]
struct RuleView {
    /// `everything`, `model` or `api_key`.
    #[schema(example = "model")]
    scope: String,
    /// Which model or API key; empty for everything.
    subject: String,
    /// The most jobs in flight on all workers together; null if there is no limit.
    #[schema(required)]
    max_in_flight: Option<i32>,
    /// Since when it is paused: none of its jobs is submitted. Null if it is not paused.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    paused_at: Option<OffsetDateTime>,
}

/// Read the queue
#[utoipa::path(get, path = "/api/admin/queue", tag = "admin", operation_id = "read_queue",
    responses(
        (status = 200, description = "The current state of the queue", body = QueueView),
        NoOperator,
        DatabaseAway,
    ))]
pub(crate) async fn read(state: web::Data<State>) -> Result<web::Json<QueueView>, ApiError> {
    look(&state).await.map(web::Json)
}

/// The state of the queue, which the operations that change it answer, too.
pub(super) async fn look(state: &State) -> Result<QueueView, ApiError> {
    let pool = &state.pool;
    Ok(QueueView {
        workers: queue::workers(pool).await?,
        halted: queue::halted(pool).await?.map(Into::into),
        models: queue::census(pool).await?.into_iter().map(Into::into).collect(),
        rules: queue::rules(pool).await?.into_iter().map(Into::into).collect(),
    })
}

impl From<Standing> for StandingView {
    fn from(standing: Standing) -> Self {
        let Standing { model, in_line, resting, in_flight, oldest_seconds } = standing;
        Self { model, in_line, resting, in_flight, oldest_seconds }
    }
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> Self {
        let Rule { scope, subject, max_in_flight, paused_at } = rule;
        Self { scope, subject, max_in_flight, paused_at }
    }
}
