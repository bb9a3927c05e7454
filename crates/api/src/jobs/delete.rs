//! Delete a job and everything that belongs to it.

use actix_web::{HttpResponse, web};
use darkroom_core::store::{self, Deletion};

use super::{find, not_found};
use crate::{
    State,
    access::Caller,
    error::{ApiError, Problem},
};

/// Delete a job with its images
///
/// The job is gone at once: it is no longer listed, read or shown. If the provider has a request of it, that is stopped
/// if it is not too late. Until the request has ended, the job's attempts are kept for accounting; then they are
/// deleted, too. Deleting it again answers 404.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "jobs", operation_id = "delete_job",
    params(("id" = uuid::Uuid, Path, description = "As it was answered when the job was made")),
    responses(
        (status = 204, description = "It is gone, and its images with it"),
        (status = 403, description = "A page of a foreign origin asks", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn delete(
    state: web::Data<State>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = find(&state, &caller, &path).await?.job.id;
    let deletion = store::delete(&state.pool, id).await;
    state.watch.changed(id);
    match deletion? {
        Deletion::Deleted => {}
        Deletion::Stopping => {
            state.waker.cancel(id);
            // The job may also be waiting for a worker.
            state.waker.wake();
            tracing::info!(job.id = %id, "a job was deleted whose request runs");
        }
        Deletion::NoJob => return Err(not_found()),
    }
    Ok(HttpResponse::NoContent().finish())
}
