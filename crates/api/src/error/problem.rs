//! The body of an error (RFC 9457).

use serde::Serialize;
use utoipa::ToSchema;

use super::Code;

/// The media type of a problem.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Why a request was refused or failed (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: errors are told apart by `code`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// The status code's name.
    #[schema(value_type = String)]
    title: &'static str,
    /// The status code.
    status: u16,
    /// Identifies the error, for programs: `docs/errors.md` lists all codes.
    code: Code,
    /// What is wrong, in a sentence for people.
    detail: String,
    /// The field, parameter or header at fault, if it is a single one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: String, field: Option<String>) -> Self {
        let status = code.status();
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail,
            field,
        }
    }
}
