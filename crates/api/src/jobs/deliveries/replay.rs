//! Deliver a webhook once more.

use actix_web::{HttpResponse, web};
use darkroom_core::queue::deliveries::{self, DeliveryId};
use uuid::Uuid;

use crate::{
    State,
    access::Caller,
    docs::refusals::{DatabaseAway, ForeignPage},
    error::{ApiError, Problem},
    jobs::find,
};

/// Deliver an event once more
///
/// The event is sent again at once, under the same `webhook-id`, whether it was delivered or given up. It has as many
/// attempts as a new delivery.
#[utoipa::path(post, path = "/api/jobs/{id}/deliveries/{delivery}/replay", tag = "jobs", operation_id = "replay_delivery",
    params(
        ("id" = Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it"),
        ("delivery" = Uuid, Path, description = "The delivery's id, as `GET /api/jobs/{id}/deliveries` lists it"),
    ),
    responses(
        (status = 202, description = "The delivery will be made again at once"),
        ForeignPage,
        (status = 404, description = "There is no job, or no delivery of it, with this id; or the job belongs to another API key", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
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
