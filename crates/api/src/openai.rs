//! Edits for OpenAI's own clients: their requests, answers and errors, and the same jobs underneath.

pub(crate) mod edit;
mod error;
mod fields;
mod form;
mod patience;
mod pictures;
mod unanswered;

use actix_web::web;

pub(crate) use error::{SHOULD_RETRY, translate};

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/v1/images/edits").post(edit::edit));
}
