//! How far a job is, as honestly as can be said.

use actix_web::{HttpResponse, http::header, web};
use darkroom_core::{job::Status, queue};
use serde::Serialize;
use utoipa::ToSchema;

use super::{find, not_found};
use crate::{
    State,
    access::Caller,
    error::{ApiError, Problem},
    watch::KnownProgress,
};

/// How far a job is.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
pub(crate) struct ProgressView {
    /// Where the job is in its life.
    #[schema(value_type = super::view::JobStatus)]
    status: Status,
    /// Its place in our queue, from 1, up to 10001; null where it does not wait there.
    #[schema(required, example = 3)]
    queue_position: Option<i64>,
    /// What the provider says of its request; null where nothing is known, as before it is submitted.
    #[schema(required)]
    provider: Option<ProviderView>,
    /// Since it was made, or was to start, until now or its end.
    elapsed_seconds: f64,
    /// How long an edit with its model usually takes, once it runs; null where that is not known.
    #[schema(required, example = 12)]
    typical_seconds: Option<u32>,
    /// How much of it is done. Null where it is not known, and no model tells it today.
    #[schema(required)]
    percent: Option<f64>,
}

/// What the provider says of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderProgress)]
pub(crate) struct ProviderView {
    /// `in_queue` or `in_progress`.
    #[schema(value_type = String, example = "in_queue")]
    state: &'static str,
    /// Requests ahead of it in the provider's queue; null where it does not say.
    #[schema(required)]
    position: Option<u64>,
    /// The last lines that the model said.
    logs: Vec<String>,
}

/// Read how far a job is
///
/// Nothing here is guessed. What the provider says is told as it comes, and is gone when the API restarts.
#[utoipa::path(get, path = "/api/jobs/{id}/progress", tag = "jobs", operation_id = "get_progress",
    params(("id" = uuid::Uuid, Path, description = "As it was answered when the job was made")),
    responses(
        (status = 200, description = "How far it is", body = ProgressView),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn get(
    state: web::Data<State>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = find(&state, &caller, &path).await?.job.id;
    let job = queue::whereabouts(&state.pool, id).await?.ok_or_else(not_found)?;
    let known = state.watch.progress(id);
    let model = state.models.find(&job.model);
    let view = ProgressView {
        status: job.status,
        queue_position: job.ahead.map(|ahead| ahead + 1),
        provider: known.filter(|_| !job.status.has_ended()).map(|known| (&*known).into()),
        elapsed_seconds: job.seconds,
        typical_seconds: model.map(|model| model.typical_seconds),
        percent: None,
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view))
}

impl From<&KnownProgress> for ProviderView {
    fn from(known: &KnownProgress) -> Self {
        Self {
            state: if known.is_running { "in_progress" } else { "in_queue" },
            position: known.position,
            logs: known.logs.iter().cloned().collect(),
        }
    }
}
