//! Checks an address that a caller names.

use darkroom_core::{
    outbound::{self, Allowed, TargetProblem},
    webhook::MAX_URL_CHARS,
};
use url::Url;

use crate::error::{ApiError, Code};

/// Reads an address, and checks whether it may be called at all.
pub(super) fn check(field: &str, text: &str, allowed: &Allowed) -> Result<Url, ApiError> {
    let url = outbound::parse(text, allowed).map_err(|problem| not_taken(field, problem))?;
    // Counted as it is kept: characters that are not ASCII are escaped there, which makes it longer.
    if url.as_str().chars().count() > MAX_URL_CHARS {
        let detail = format!("The field '{field}' has more than {MAX_URL_CHARS} characters.");
        return Err(ApiError::invalid(Code::TooLong, field, detail));
    }
    Ok(url)
}

/// The refusal of an address that may not be called.
pub(super) fn not_taken(field: &str, problem: TargetProblem) -> ApiError {
    let code = match problem {
        TargetProblem::Private => Code::PrivateAddress,
        _ => Code::InvalidUrl,
    };
    ApiError::invalid(code, field, format!("The address in '{field}' is not accepted: {problem}."))
}
