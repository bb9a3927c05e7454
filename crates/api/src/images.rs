//! The images of jobs: what callers gave and what came of it, whole, in part and small.

mod answer;
mod conditions;
pub(crate) mod get;
mod making;
mod name;
mod query;
mod range;
mod single_flight;
mod thumbnail;

use actix_web::web;
use darkroom_core::store::ImageId;

use crate::error::ApiError;

pub(crate) use making::Making;

/// Width of the thumbnails that a job names.
const NAMED_WIDTH: u16 = 320;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api/images/{id}").get(get::get).head(get::get));
}

/// Where an image is.
pub(crate) fn path(id: ImageId) -> String {
    format!("/api/images/{id}")
}

/// Where a small one of it is.
pub(crate) fn thumbnail_path(id: ImageId) -> String {
    format!("/api/images/{id}?w={NAMED_WIDTH}")
}

fn not_found() -> ApiError {
    ApiError::NotFound("There is no image with this id.")
}
