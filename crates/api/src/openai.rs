//! Edits for OpenAI's own clients, with OpenAI's requests, answers and errors, but made by the same jobs.

mod code;
pub(crate) mod edit;
mod error;
pub(crate) mod form;
mod patience;
mod pictures;
mod schema;
mod unanswered;

use actix_web::web;

use self::code::Code;
pub(crate) use error::{SHOULD_RETRY, translate};

/// Every `code` that only errors under `/v1` have, with its status.
pub fn openai_error_codes() -> impl Iterator<Item = (&'static str, u16)> {
    Code::ALL.iter().map(|code| (code.as_str(), code.status().as_u16()))
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/v1/images/edits").post(edit::edit));
}
