//! Reads a job's webhook: the address that is to be told, and of which events.

use darkroom_core::{
    outbound::Allowed,
    webhook::{Event, Webhook},
};

use super::address;
use crate::error::{ApiError, Code};

/// Takes both fields trimmed; a field that was not sent is empty.
pub(super) fn check(
    url: &str,
    events: &str,
    allowed: &Allowed,
) -> Result<Option<Webhook>, ApiError> {
    if url.is_empty() && events.is_empty() {
        return Ok(None);
    }
    if url.is_empty() {
        let detail = "The field 'webhook_events' needs a 'webhook_url' beside it.";
        return Err(ApiError::invalid(Code::MissingField, "webhook_url", detail));
    }
    Ok(Some(Webhook {
        url: address::check("webhook_url", url, allowed)?,
        events: check_events(events)?,
    }))
}

/// Reads events separated by commas; the default is a job's ends.
fn check_events(text: &str) -> Result<Vec<Event>, ApiError> {
    let mut events = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let event = name.parse().map_err(|_unknown| {
            let known = Event::ALL.map(Event::as_str).join(", ");
            let detail = format!("There is no event '{name}'. There are: {known}.");
            ApiError::invalid(Code::UnknownEvent, "webhook_events", detail)
        })?;
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(if events.is_empty() { Event::ENDS.to_vec() } else { events })
}
