//! Jobs over HTTP: a file for each operation.

pub(crate) mod attempts;
pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod events;
pub(crate) mod feed;
pub(crate) mod get;
mod idempotency;
pub(crate) mod list;
pub(crate) mod retry;
mod upload;
mod view;
mod wait;

use actix_web::web;
use darkroom_core::job::JobId;

use crate::error::ApiError;
pub(crate) use idempotency::REPLAYED;
pub(crate) use view::JobView;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/api/jobs").get(list::list).head(list::list).post(create::create))
        .service(web::resource("/api/jobs/{id}/cancel").post(cancel::cancel))
        .service(web::resource("/api/events").get(feed::follow))
        .service(web::resource("/api/jobs/{id}/events").get(events::follow))
        .service(web::resource("/api/jobs/{id}/retry").post(retry::retry))
        .service(web::resource("/api/jobs/{id}/attempts").get(attempts::list).head(attempts::list))
        .service(
            web::resource("/api/jobs/{id}").get(get::get).head(get::get).delete(delete::delete),
        );
}

fn not_found() -> ApiError {
    ApiError::NotFound("There is no job with this id.")
}

/// A malformed id is one that no job has.
fn parse_id(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_malformed| not_found())
}
