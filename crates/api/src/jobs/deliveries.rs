//! A job's webhook deliveries, and what came of each attempt to deliver them.

pub(crate) mod replay;

use actix_web::web;
use darkroom_core::store::{self, Delivery, DeliveryAttempt};
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
};

/// One event of a job that its webhook's receiver is to be told.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    /// The delivery's id: each attempt has it as `webhook-id`.
    id: Uuid,
    /// The event that it tells of.
    #[schema(example = "job.completed")]
    event: String,
    /// The delivery's place in its life.
    state: DeliveryState,
    /// When the event happened.
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    /// When the next attempt is due; null when none follows.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    next_at: Option<OffsetDateTime>,
    /// When the receiver accepted it; null until then.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    delivered_at: Option<OffsetDateTime>,
    /// The latest attempts, 20 at most, the oldest first.
    attempts: Vec<DeliveryAttemptView>,
}

/// A delivery's place in its life: `pending` while an attempt follows or is under way, `delivered` once the receiver
/// accepted it, `failed` once it is given up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    Pending,
    Delivered,
    Failed,
}

/// One call to a receiver.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub(crate) struct DeliveryAttemptView {
    /// When it began.
    #[serde(with = "rfc3339")]
    at: OffsetDateTime,
    /// The answer's status code; null where there was no answer.
    #[schema(required, example = 500)]
    status: Option<u16>,
    /// What went wrong, in words; null where the status code says it all.
    #[schema(required, example = "no answer came within 15 seconds")]
    error: Option<String>,
    /// The beginning of what the receiver said: at most 200 characters.
    #[schema(required)]
    response: Option<String>,
    /// How long it took, in milliseconds.
    milliseconds: u64,
}

/// Read a job's deliveries
///
/// The events that its `webhook_url` was told of, or will be, the oldest first.
#[utoipa::path(get, path = "/api/jobs/{id}/deliveries", tag = "jobs", operation_id = "list_deliveries",
    params(("id" = Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it")),
    responses(
        (status = 200, description = "The deliveries so far; none without a `webhook_url`", body = Vec<DeliveryView>),
        NoSuchJob,
        DatabaseAway,
    ))]
pub(crate) async fn list(
    state: web::Data<State>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<web::Json<Vec<DeliveryView>>, ApiError> {
    let deliveries = store::deliveries(&state.pool, find(&state, &caller, &path).await?.job.id)
        .await?
        .ok_or_else(not_found)?;
    Ok(web::Json(deliveries.into_iter().map(Into::into).collect()))
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let state = match (delivery.delivered_at, delivery.gave_up_at) {
            (Some(_), _) => DeliveryState::Delivered,
            (None, Some(_)) => DeliveryState::Failed,
            (None, None) => DeliveryState::Pending,
        };
        Self {
            id: delivery.id,
            event: delivery.event,
            state,
            created_at: delivery.created_at,
            next_at: delivery.next_at,
            delivered_at: delivery.delivered_at,
            attempts: delivery.attempts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<DeliveryAttempt> for DeliveryAttemptView {
    fn from(attempt: DeliveryAttempt) -> Self {
        Self {
            at: attempt.at,
            status: attempt.status,
            error: attempt.error,
            response: attempt.response,
            milliseconds: attempt.milliseconds,
        }
    }
}
