//! The last event that a client has of a stream: it is sent what came after.

use actix_web::{HttpRequest, http::header::HeaderName};

use crate::error::ApiError;

/// The header in which browsers send it (source: the HTML standard, section 9.2).
const HEADER: HeaderName = HeaderName::from_static("last-event-id");

/// The parameter in which event-source-polyfill sends it: browsers did not let every page send the header.
pub(super) const PARAMETER: &str = "lastEventId";

/// Digits of a revision, at most.
const DIGITS: usize = 18;

/// The revision (microseconds) of the last event that the client has; `said` is its parameter, if it sent one. The header
/// goes first, but neither may be wrong.
pub(crate) fn last_event(
    request: &HttpRequest,
    said: Option<&str>,
) -> Result<Option<i128>, ApiError> {
    // A text that is not ASCII is no id.
    let header = request.headers().get(HEADER).map(|header| header.to_str().unwrap_or("-").trim());
    let header = revision("Last-Event-ID", header)?;
    let said = revision(PARAMETER, said)?;
    Ok(header.or(said))
}

/// A client that has no event yet may send an empty id.
fn revision(field: &'static str, id: Option<&str>) -> Result<Option<i128>, ApiError> {
    let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(None) };
    let is_number = id.len() <= DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    let id = id.parse().ok().filter(|_id| is_number);
    id.map(Some).ok_or(ApiError::BadEventId(field))
}
