//! An address that a caller names.

use darkroom_core::{
    outbound::{self, Allowed, TargetProblem},
    webhook::MAX_URL_CHARS,
};
use url::Url;

use crate::error::{ApiError, Code};

/// Reads an address, and looks at whether it may be called at all.
pub(super) fn check(field: &str, text: &str, allowed: &Allowed) -> Result<Url, ApiError> {
    let url = outbound::parse(text, allowed).map_err(|problem| not_taken(field, problem))?;
    // As it is kept: all that is not ASCII is written in more characters there.
    if url.as_str().chars().count() > MAX_URL_CHARS {
        let detail = format!("The field '{field}' has more than {MAX_URL_CHARS} characters.");
        return Err(ApiError::invalid(Code::TooLong, field, detail));
    }
    Ok(url)
}

/// Why an address is not called.
pub(super) fn not_taken(field: &str, problem: TargetProblem) -> ApiError {
    let code = match problem {
        TargetProblem::Private => Code::PrivateAddress,
        _ => Code::InvalidUrl,
    };
    ApiError::invalid(code, field, format!("The field '{field}' is not taken: {problem}."))
}
