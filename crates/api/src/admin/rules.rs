//! Pause, resume or limit the queue or a part of it.

use actix_web::web;
use bytes::Bytes;
use darkroom_core::{
    api_key::ApiKeyId,
    queue::{self, Scope},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::queue::{QueueView, look};
use crate::{
    State,
    docs::refusals::{DatabaseAway, NoOperatorOrForeignPage},
    error::{ApiError, Code, Problem},
    json,
};

/// What to pause or resume: everything, unless one of these is sent.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"model": "fal-ai/bytedance/seedream/v4/edit"}))]
pub(crate) struct Subject {
    /// Jobs for this model.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    model: Option<String>,
    /// Jobs of this API key, by its id.
    api_key: Option<Uuid>,
}

/// What to limit, and to how many jobs in flight.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"model": "fal-ai/bytedance/seedream/v4/edit", "max_in_flight": 10}))]
pub(crate) struct NewLimit {
    /// Jobs for this model. Without this and `api_key`, all jobs together.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    model: Option<String>,
    /// Jobs of this API key, by its id.
    api_key: Option<Uuid>,
    /// The most jobs in flight on all workers together; null removes the limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, example = 10)]
    max_in_flight: Option<u16>,
}

/// Pause the queue, or a part of it
///
/// Pauses everything, a model or an API key: until it is resumed, no worker submits any of its jobs. Requests that the
/// provider has already are followed to their end.
#[utoipa::path(post, path = "/api/admin/queue/pause", tag = "admin", operation_id = "pause_queue",
    request_body = Subject,
    responses(
        (status = 200, description = "It is paused; the answer is the current state of the queue", body = QueueView),
        (status = 400, description = "The body is incomplete or not well-formed JSON", body = Problem, content_type = "application/problem+json"),
        NoOperatorOrForeignPage,
        (status = 422, description = "A field is unknown or wrong; `field` names it", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn pause(
    state: web::Data<State>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<web::Json<QueueView>, ApiError> {
    let Subject { model, api_key } = json::read(&json::whole(body)?)?;
    let scope = scope(model, api_key)?;
    check_offer(&state, &scope)?;
    queue::pause(&state.pool, &scope).await?;
    look(&state).await.map(web::Json)
}

/// Resume the queue, or a part of it
///
/// A model may be resumed that is not on offer any more.
#[utoipa::path(post, path = "/api/admin/queue/resume", tag = "admin", operation_id = "resume_queue",
    request_body = Subject,
    responses(
        (status = 200, description = "It is not paused any more; the answer is the current state of the queue", body = QueueView),
        (status = 400, description = "The body is incomplete or not well-formed JSON", body = Problem, content_type = "application/problem+json"),
        NoOperatorOrForeignPage,
        (status = 422, description = "A field is unknown or wrong; `field` names it", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn resume(
    state: web::Data<State>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<web::Json<QueueView>, ApiError> {
    let Subject { model, api_key } = json::read(&json::whole(body)?)?;
    queue::resume(&state.pool, &scope(model, api_key)?).await?;
    look(&state).await.map(web::Json)
}

/// Limit the queue, or a part of it
///
/// Limits how many jobs may be in flight on all workers together. Jobs that are in flight already go on. The limit of a
/// model that is not on offer any more can be removed.
#[utoipa::path(put, path = "/api/admin/queue/limit", tag = "admin", operation_id = "limit_queue",
    request_body = NewLimit,
    responses(
        (status = 200, description = "The limit is set; the answer is the current state of the queue", body = QueueView),
        (status = 400, description = "The body is incomplete or not well-formed JSON", body = Problem, content_type = "application/problem+json"),
        NoOperatorOrForeignPage,
        (status = 422, description = "A field is unknown or wrong; `field` names it", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn limit(
    state: web::Data<State>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<web::Json<QueueView>, ApiError> {
    let NewLimit { model, api_key, max_in_flight } = json::read(&json::whole(body)?)?;
    let scope = scope(model, api_key)?;
    if max_in_flight.is_some() {
        check_offer(&state, &scope)?;
    }
    queue::limit(&state.pool, &scope, max_in_flight).await?;
    look(&state).await.map(web::Json)
}

fn scope(model: Option<String>, api_key: Option<Uuid>) -> Result<Scope, ApiError> {
    match (model, api_key) {
        (None, None) => Ok(Scope::Everything),
        (None, Some(key)) => Ok(Scope::ApiKey(ApiKeyId(key))),
        (Some(model), None) if model.contains('\0') => Err(ApiError::nul("model")),
        (Some(model), None) => Ok(Scope::Model(model)),
        (Some(_), Some(_)) => {
            let detail = "Send either 'model' or 'api_key'.";
            Err(ApiError::invalid(Code::ConflictingFields, "api_key", detail))
        }
    }
}

/// Refuses a new rule for a model that is not on offer. To be lifted, a rule may be of a model that was on offer once.
fn check_offer(state: &State, scope: &Scope) -> Result<(), ApiError> {
    match scope {
        Scope::Model(model) if state.models.find(model).is_none() => Err(ApiError::unknown_model()),
        _ => Ok(()),
    }
}
