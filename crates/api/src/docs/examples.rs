//! Examples in the contract, so that what the page at `/docs` fills in can be tried out, and the answers that it
//! shows are realistic.

use std::time::Duration;

use darkroom_core::db;
use utoipa::{
    Modify,
    openapi::{
        OpenApi, RefOr, Schema,
        path::{Operation, Parameter, ParameterIn},
    },
};

use crate::error::{ApiError, Code, PROBLEM, Problem};

/// An id that no job and no image has.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// Gives each id in a path an example, and each answer with a problem a fitting one.
pub(super) struct Examples;

impl Modify for Examples {
    fn modify(&self, contract: &mut OpenApi) {
        for path in contract.paths.paths.values_mut() {
            let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.delete];
            for operation in operations.into_iter().flatten() {
                name_nobody(operation);
                show_problems(operation);
            }
        }
    }
}

fn name_nobody(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter {
            parameter_in: ParameterIn::Path,
            schema: Some(RefOr::T(Schema::Object(id))),
            ..
        }) = parameter
        {
            id.example = Some(NOBODY.into());
        }
    }
}

fn show_problems(operation: &mut Operation) {
    let name = operation.operation_id.as_deref().unwrap_or_default();
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM) {
            content.example = problem(name, status).and_then(|it| serde_json::to_value(it).ok());
        }
    }
}

fn away() -> ApiError {
    ApiError::Unavailable(db::Error::unanswered("an example"))
}

/// Whether the operation of this name changes nothing.
fn is_read(operation: &str) -> bool {
    ["follow_", "get_", "list_", "read_"].iter().any(|verb| operation.starts_with(verb))
}

/// A typical problem that an operation answers with this status.
fn problem(operation: &str, status: &str) -> Option<Problem> {
    let error = match (status, operation) {
        ("400", "follow_job" | "follow_jobs") => ApiError::BadEventId("Last-Event-ID"),
        ("400", "create_job") => {
            ApiError::MalformedBody("The multipart body is not well-formed or breaks off.")
        }
        ("400", _) => ApiError::MalformedBody("The body is not well-formed JSON."),
        ("401", _) => ApiError::KeyNeeded,
        ("403", "read_queue" | "read_metrics") => ApiError::NotAdmin,
        ("403", "get_image" | "follow_job") => ApiError::ExpiredLink,
        ("403", read) if is_read(read) => ApiError::ForeignHost,
        ("403", _) => ApiError::ForeignOrigin,
        ("404", "create_job") => {
            ApiError::invalid(Code::UnknownParent, "parent_id", "There is no job with this id.")
        }
        ("404", "get_image") => ApiError::NotFound("There is no image with this id."),
        ("404", _) => ApiError::NotFound("There is no job with this id."),
        ("408", _) => ApiError::SlowBody,
        ("409", "cancel_job") => ApiError::HasEnded,
        ("409", "retry_job") => ApiError::HasNotFailed,
        ("409", _) => ApiError::JobDeleted,
        ("413", "create_job") => ApiError::TooLarge { field: "image".into(), limit: 20_971_520 },
        ("413", _) => ApiError::BodyTooLarge,
        ("415", _) => ApiError::UnsupportedMediaType(
            "Send the image and the prompt as multipart/form-data, or as application/json.",
        ),
        ("416", _) => ApiError::RangeNotSatisfiable { length: 5000 },
        ("422", "create_job") => {
            ApiError::invalid(Code::MissingField, "prompt", "The field 'prompt' is missing.")
        }
        ("422", "list_jobs") => ApiError::invalid(
            Code::InvalidLimit,
            "limit",
            "The limit must be a whole number from 1 to 200.",
        ),
        ("422", "get_job") => {
            let detail = "The wait must be a whole number of seconds from 0 to 60.";
            ApiError::invalid(Code::InvalidWait, "wait", detail)
        }
        ("422", "get_image") => {
            let detail = "The parameter 'w' must be one of 160, 320, 640, 1280.";
            ApiError::invalid(Code::InvalidWidth, "w", detail)
        }
        ("422", "follow_jobs") => {
            let detail = "There is no parameter 'status' here. There are: lastEventId.";
            ApiError::invalid(Code::UnknownParameter, "status", detail)
        }
        ("422", "follow_job") => {
            let detail =
                "A signed link has both 'expires' and 'signature': send it as it is written.";
            ApiError::invalid(Code::MissingField, "signature", detail)
        }
        ("422", "get_usage") => {
            let detail = "The parameter 'from' must be a day such as 2026-01-31.";
            ApiError::invalid(Code::InvalidDate, "from", detail)
        }
        ("422", "retry_jobs") => ApiError::invalid(
            Code::OutOfRange,
            "limit",
            "The limit must be a whole number from 1 to 1000.",
        ),
        ("422", _) => ApiError::unknown_model(),
        ("429", _) => ApiError::too_fast(60, Duration::from_secs(1)),
        ("500", _) => ApiError::Internal(db::Error::unanswered("an example")),
        ("503", "get_image") => ApiError::Busy,
        ("503", "create_job") => ApiError::after_making(away()),
        ("503", _) => away(),
        _ => return None,
    };
    Some(error.problem())
}
