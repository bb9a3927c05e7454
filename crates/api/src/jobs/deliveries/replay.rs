//! Deliver a webhook once more.

use actix_web::{HttpResponse, web};
use darkroom_core::queue::deliveries::{self, DeliveryId};
use uuid::Uuid;

use crate::{
    State,
    access::Caller,
    error::{ApiError, Problem},
    jobs::find,
};

/// Deliver once more
///
/// The event is sent again at once, under the same `webhook-id`, whether it was delivered or given up. It has as many
/// attempts as a new delivery.
#[utoipa::path(post, path = "/api/jobs/{id}/deliveries/{delivery}/replay", tag = "jobs", operation_id = "replay_delivery",
    params(
        ("id" = Uuid, Path, description = "As it was answered when the job was made"),
        ("delivery" = Uuid, Path, description = "As the job's deliveries have it"),
    ),
    responses(
        (status = 202, description = "It is on its way"),
        (status = 403, description = "A page of a foreign origin asks", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The job, or the delivery, is not there", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn replay(
    state: web::Data<State>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (job, delivery) = path.into_inner();
    let job = find(&state, &caller, &job).await?.job.id;
    let delivery: Uuid = delivery.parse().map_err(|_malformed| no_such_delivery())?;
    if !deliveries::replay(&state.pool, job, DeliveryId(delivery)).await? {
        return Err(no_such_delivery());
    }
    tracing::info!(job.id = %job, delivery.id = %delivery, "a webhook is delivered once more");
    Ok(HttpResponse::Accepted().finish())
}

fn no_such_delivery() -> ApiError {
    ApiError::NotFound("The job has no delivery with this id.")
}
