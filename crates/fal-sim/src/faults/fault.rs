//! One thing that goes wrong.

use std::time::Duration;

use serde::Deserialize;

use super::latency::Latency;
use super::{ErrorAnswer, Place};

/// What goes wrong, where, and how often.
pub(crate) struct Fault {
    pub(super) place: Place,
    /// The only endpoint it concerns, if not all.
    pub(super) endpoint: Option<String>,
    /// Which share of its occasions is a strike, from 0 to 1.
    pub(super) rate: f64,
    /// How many strikes there are before it is spent.
    pub(super) next: Option<u64>,
    pub(super) latency: Option<Latency>,
    pub(super) effect: Option<Effect>,
}

/// What a strike does.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// Another answer than the right one.
    Answer(ErrorAnswer),
    /// The connection breaks.
    Reset(Reset),
    /// The body comes at this many bytes per second.
    Slow(u64),
    /// A running request goes back to the queue for so long.
    Requeue(Duration),
    /// These fields of the output's pictures are null.
    Null(Vec<String>),
    /// These fields of the output's pictures are not there.
    Absent(Vec<String>),
    /// The safety checker blanks the pictures.
    Nsfw,
    /// Something is wrong with a webhook.
    Delivery(Delivery),
    /// A running request does not hear that it is cancelled.
    IgnoreCancel,
}

/// When a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reset {
    /// With the request unread: nothing has happened.
    Before,
    /// With the request carried out, and no word about it.
    After,
    /// In the middle of the answer.
    Midway,
}

/// What is wrong with a webhook; one that is only late has a latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    Duplicate,
    Missing,
    /// Signed with a key that is not in the set.
    Forged,
    /// Signed rightly, an hour ago.
    Stale,
    /// `payload` is null and `payload_error` says why.
    NoPayload,
}

impl Fault {
    pub(super) fn concerns(&self, place: Place, endpoint_id: Option<&str>) -> bool {
        let endpoint = self.endpoint.as_deref();
        self.place == place && (endpoint.is_none() || endpoint == endpoint_id)
    }
}
