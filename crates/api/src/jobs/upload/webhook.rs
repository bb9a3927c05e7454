//! Whom a job's caller wants to be told, and of what.

use darkroom_core::{
    outbound::{self, Allowed, TargetProblem},
    webhook::{Event, MAX_URL_CHARS, Webhook},
};
use url::Url;

use crate::error::ApiError;

/// Both fields, trimmed; one that is not said is empty.
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
        return Err(ApiError::invalid("missing_field", "webhook_url", detail));
    }
    Ok(Some(Webhook { url: check_url(url, allowed)?, events: check_events(events)? }))
}

fn check_url(text: &str, allowed: &Allowed) -> Result<Url, ApiError> {
    let invalid = |code, problem: &str| {
        let detail = format!("The field 'webhook_url' is not taken: {problem}.");
        ApiError::invalid(code, "webhook_url", detail)
    };
    let url = outbound::parse(text, allowed).map_err(|problem| {
        let code = match problem {
            TargetProblem::Private => "private_address",
            _ => "invalid_url",
        };
        invalid(code, &problem.to_string())
    })?;
    // As it is kept: all that is not ASCII is written in more characters there.
    if url.as_str().chars().count() > MAX_URL_CHARS {
        let problem = format!("it has more than {MAX_URL_CHARS} characters");
        return Err(invalid("too_long", &problem));
    }
    Ok(url)
}

/// Commas between; a job's ends, unless something is said.
fn check_events(text: &str) -> Result<Vec<Event>, ApiError> {
    let mut events = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let event = name.parse().map_err(|_unknown| {
            let known = Event::ALL.map(Event::as_str).join(", ");
            let detail = format!("There is no event of this name; {known} are there.");
            ApiError::invalid("unknown_event", "webhook_events", detail)
        })?;
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(if events.is_empty() { Event::ENDS.to_vec() } else { events })
}
