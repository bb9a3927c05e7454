//! How far a job is: only what is known, nothing that is guessed.

use actix_web::{HttpResponse, http::header, web};
use darkroom_core::{job::Status, queue};
use serde::Serialize;
use utoipa::ToSchema;

use super::{find, not_found};
use crate::{
    State,
    access::Caller,
    docs::refusals::{DatabaseAway, NoSuchJob},
    error::ApiError,
    watch::KnownProgress,
};

/// How far a job is.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
pub(crate) struct ProgressView {
    /// The job's place in its life.
    #[schema(value_type = super::view::JobStatus)]
    status: Status,
    /// Its place in our queue, counted from 1; 10001 stands for all later places, too. Null if it is not in line.
    #[schema(required, example = 3)]
    queue_position: Option<i64>,
    /// What the provider last said of the job's request; null if nothing is known, as before the submission.
    #[schema(required)]
    provider: Option<ProviderView>,
    /// Seconds from when it was made, or was to start, until now or its end.
    elapsed_seconds: f64,
    /// How many seconds an edit with its model usually takes once it runs; null if that is not known.
    #[schema(required, example = 12)]
    typical_seconds: Option<u32>,
    /// How much of it is done, in percent. Null if it is not known: so far always, because no model says it.
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
    /// The last lines of the model's log.
    logs: Vec<String>,
}

/// Read how far a job is
///
/// Nothing here is guessed. What the provider says is passed on as it comes, and is forgotten when the API restarts.
#[utoipa::path(get, path = "/api/jobs/{id}/progress", tag = "jobs", operation_id = "get_progress",
    params(("id" = uuid::Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it")),
    responses(
        (status = 200, description = "How far the job is", body = ProgressView),
        NoSuchJob,
        DatabaseAway,
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
