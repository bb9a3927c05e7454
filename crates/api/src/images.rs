//! The images of jobs, inputs and results: whole, in part, or scaled down.

mod answer;
mod body;
mod conditions;
pub(crate) mod get;
mod name;
mod query;
mod range;
mod thumbnail;

use actix_web::web;

use crate::error::ApiError;

#[cfg(feature = "fuzzing")]
pub(crate) use self::{query::Wish, range::Part};
pub(crate) use thumbnail::ThumbnailMaker;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api/images/{id}").get(get::get).head(get::get));
}

fn not_found() -> ApiError {
    ApiError::NotFound("There is no image with this id.")
}
