//! Webhooks out: what a job's caller wants to be told, what is told, and the proof that it is us
//! (Standard Webhooks, <https://www.standardwebhooks.com>).
//!
//! The database decides when there is something to tell (`migrations/0010_deliveries.sql`), the queue hands it
//! to a worker (`queue::deliveries`), and `outbound` makes the call.

mod event;
mod message;
mod secret;
mod signer;

use url::Url;

pub use event::Event;
pub use message::Message;
pub use secret::{SecretProblem, Secrets};
pub use signer::Signer;

/// Most characters that a receiver's address may have.
pub const MAX_URL_CHARS: usize = 2_000;

/// Which receiver a job's caller wants to be told, and of which events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Webhook {
    /// The receiver.
    pub url: Url,
    /// At least one, each once.
    pub events: Vec<Event>,
}

impl Webhook {
    /// Reads it from its columns; events that this version does not know are left out.
    pub(crate) fn stored(url: Option<String>, events: Option<Vec<String>>) -> Option<Self> {
        let events = events.unwrap_or_default();
        let events = events.iter().filter_map(|event| event.parse().ok()).collect();
        Some(Self { url: url?.parse().ok()?, events })
    }

    /// The names of the events, joined by commas.
    pub(crate) fn event_names(&self) -> String {
        self.events.iter().map(Event::to_string).collect::<Vec<_>>().join(",")
    }
}
