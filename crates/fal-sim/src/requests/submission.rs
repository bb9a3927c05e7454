//! What a submission asks for.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// A request that wants to join the queue.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Submission {
    pub(crate) endpoint_id: String,
    pub(crate) app: String,
    pub(crate) input: Value,
    /// Who asks: the id of the key.
    pub(crate) key_id: Option<String>,
    /// Who wants to hear of the end.
    pub(crate) webhook: Option<Url>,
    /// The longest queue of the endpoint the caller puts up with.
    pub(crate) longest_queue: Option<usize>,
    /// Whether input and output may be shown later.
    pub(crate) stored: bool,
}

/// Which door a request came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Door {
    /// `queue.fal.run`: it waits for a slot, and is followed by its URLs.
    Queue,
    /// `fal.run`: the call itself waits for the answer.
    Direct,
}
