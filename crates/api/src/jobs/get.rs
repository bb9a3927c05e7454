//! Read one job.

use actix_web::{HttpRequest, web};
use darkroom_core::store;

use super::{not_found, parse_id, view::JobView};
use crate::{
    State,
    error::{ApiError, Problem},
};

/// Read a job
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", operation_id = "get_job",
    params(("id" = uuid::Uuid, Path, description = "As it was answered when the job was made")),
    responses(
        (status = 200, description = "The job as it stands", body = JobView),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn get(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<web::Json<JobView>, ApiError> {
    let id = parse_id(&path)?;
    let job = store::find(&state.pool, id).await?.ok_or_else(not_found)?;
    Ok(web::Json(JobView::new(job, &state, &request)))
}
