//! The last event that a client has of a stream: it is sent what came after.

use actix_web::{HttpRequest, http::header::HeaderName};

use crate::error::ApiError;

/// The header in which browsers send it (source: the HTML standard, section 9.2).
const HEADER: HeaderName = HeaderName::from_static("last-event-id");

/// The parameter in which event-source-polyfill sends it: browsers did not let every page send the header.
pub(super) const PARAMETER: &str = "lastEventId";

/// The revision (microseconds) of the last event that the client has; `said` is its parameter, if it sent one.
pub(crate) fn last_event(
    request: &HttpRequest,
    said: Option<&str>,
) -> Result<Option<i128>, ApiError> {
    let header = request.headers().get(HEADER);
    // A text that is not ASCII is no id.
    let header = header.map(|header| header.to_str().unwrap_or("-"));
    let said = [("Last-Event-ID", header), (PARAMETER, said)];
    // A client that has no event yet may send an empty one.
    let mut said = said.into_iter().filter_map(|(field, id)| {
        let id = id?.trim();
        (!id.is_empty()).then_some((field, id))
    });
    let Some((field, id)) = said.next() else { return Ok(None) };
    let id = id.parse::<u64>().ok().filter(|id| *id < 1 << 60);
    id.map(|id| Some(id.into())).ok_or(ApiError::BadEventId(field))
}
