//! A submission.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// A request that wants to join the queue.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Submission {
    pub(crate) endpoint_id: String,
    pub(crate) app: String,
    pub(crate) input: Value,
    /// The id of the caller's key.
    pub(crate) key_id: Option<String>,
    /// Where to announce the end.
    pub(crate) webhook: Option<Url>,
    /// The longest queue of the endpoint that the caller accepts.
    pub(crate) longest_queue: Option<usize>,
    /// Whether input and output may be shown later.
    pub(crate) stored: bool,
}

/// Which of fal's two hosts a request was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Door {
    /// `queue.fal.run`: it waits for a slot, and is followed by its URLs.
    Queue,
    /// `fal.run`: the call itself waits for the answer.
    Direct,
}
