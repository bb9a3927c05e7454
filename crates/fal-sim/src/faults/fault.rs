//! One thing that goes wrong.

use std::time::Duration;

use serde::Deserialize;

use super::latency::Latency;
use super::{ErrorAnswer, Place};

/// What goes wrong, where, and how often.
pub(crate) struct Fault {
    pub(super) place: Place,
    /// The only endpoint that it concerns; all without one.
    pub(super) endpoint: Option<String>,
    /// The share of its occasions on which it strikes, from 0 to 1.
    pub(super) rate: f64,
    /// How often it strikes at most.
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
    /// A running request goes back to the queue for this long.
    Requeue(Duration),
    /// These fields of the output's pictures are null.
    Null(Vec<String>),
    /// These fields of the output's pictures are absent.
    Absent(Vec<String>),
    /// The safety checker replaces the pictures by black ones.
    Nsfw,
    /// A webhook is not delivered as it should be.
    Delivery(Delivery),
    /// A running request is not told that it is cancelled.
    IgnoreCancel,
}

/// When a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reset {
    /// Before the request is read: it has no effect.
    Before,
    /// After the request is carried out, without a byte of the answer.
    After,
    /// In the middle of the answer.
    Midway,
}

/// What is wrong with a webhook. One that is only late needs no `delivery`, just a `latency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    Duplicate,
    Missing,
    /// Signed with a key that is not in the key set.
    Forged,
    /// Signed correctly, with a timestamp that is an hour old.
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
