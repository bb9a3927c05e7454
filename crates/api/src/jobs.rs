//! Jobs over HTTP: a file for each operation.

pub(crate) mod ask;
pub(crate) mod attempts;
pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod idempotency;
pub(crate) mod list;
pub(crate) mod progress;
mod refusal;
pub(crate) mod retry;
pub(crate) mod upload;
pub(crate) mod versions;
mod view;
pub(crate) mod wait;

use std::sync::Arc;

use actix_web::web;
use darkroom_core::job::JobId;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{
    State,
    access::Caller,
    error::{ApiError, Code},
    watch::Snapshot,
};
pub(crate) use get::PREFERENCE_APPLIED;
pub(crate) use idempotency::REPLAYED;
pub(crate) use upload::Fetcher;
pub(crate) use view::JobView;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    // Paths are tried in this order, so the one that is polled comes first.
    config
        .service(
            web::resource("/api/jobs/{id}").get(get::get).head(get::get).delete(delete::delete),
        )
        .service(web::resource("/api/jobs").get(list::list).head(list::list).post(create::create))
        .service(web::resource("/api/jobs/{id}/cancel").post(cancel::cancel))
        .service(web::resource("/api/events").get(events::all::follow))
        .service(web::resource("/api/jobs/{id}/progress").get(progress::get).head(progress::get))
        .service(web::resource("/api/jobs/{id}/events").get(events::job::follow))
        .service(web::resource("/api/jobs/{id}/retry").post(retry::retry))
        .service(web::resource("/api/jobs/{id}/attempts").get(attempts::list).head(attempts::list))
        .service(web::resource("/api/jobs/{id}/versions").get(versions::list).head(versions::list))
        .service(
            web::resource("/api/jobs/{id}/deliveries").get(deliveries::list).head(deliveries::list),
        )
        .service(
            web::resource("/api/jobs/{id}/deliveries/{delivery}/replay")
                .post(deliveries::replay::replay),
        );
}

/// Reads a moment as clients write it (RFC 3339), in UTC.
pub(crate) fn moment(field: &str, text: &str) -> Result<OffsetDateTime, ApiError> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
    // Some moments of the year 9999 are in the year 10000 in UTC, which cannot be written.
    moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC)).ok_or_else(|| {
        let detail = format!(
            "The field '{field}' must be a moment as in RFC 3339, such as 2026-01-31T09:00:00Z."
        );
        ApiError::invalid(Code::InvalidTime, field, detail)
    })
}

fn not_found() -> ApiError {
    ApiError::NotFound("There is no job with this id.")
}

/// The job that a path names, if this caller sees it. For other callers it does not exist.
async fn find(state: &State, caller: &Caller, id: &str) -> Result<Arc<Snapshot>, ApiError> {
    let job = state.watch.read(parse_id(id)?).await?;
    job.filter(|job| caller.sees(job.job.api_key)).ok_or_else(not_found)
}

/// Reads an id. A malformed one is answered as one that no job has.
fn parse_id(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_malformed| not_found())
}
