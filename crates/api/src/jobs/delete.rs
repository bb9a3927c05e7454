//! Delete a job and everything that belongs to it.

use actix_web::{HttpResponse, web};
use darkroom_core::store::{self, Deletion};

use super::{find, not_found};
use crate::{
    State,
    access::Caller,
    docs::refusals::{DatabaseAway, ForeignPage, NoSuchJob},
    error::ApiError,
};

/// Delete a job with its images
///
/// The job is gone at once: it is no longer listed, read or shown. If the provider has a request of it, that is stopped
/// if it is not too late. Until the request has ended, the job's attempts are kept for accounting; then they are
/// deleted, too. Deleting it again answers 404.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "jobs", operation_id = "delete_job",
    params(("id" = uuid::Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it")),
    responses(
        (status = 204, description = "The job and its images are deleted"),
        ForeignPage,
        NoSuchJob,
        DatabaseAway,
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
            state.waker.cancelled(id);
            tracing::info!(job.id = %id, "a job was deleted whose request runs");
        }
        Deletion::NoJob => return Err(not_found()),
    }
    Ok(HttpResponse::NoContent().finish())
}
