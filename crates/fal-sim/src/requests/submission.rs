//! What a submission asks for.

use serde_json::Value;
use url::Url;

/// A request that wants to join the queue.
pub(crate) struct Submission {
    pub(crate) endpoint_id: String,
    pub(crate) app: String,
    pub(crate) input: Value,
    /// Who wants to hear of the end.
    pub(crate) webhook: Option<Url>,
    /// The longest queue of the endpoint the caller puts up with.
    pub(crate) longest_queue: Option<usize>,
    /// Whether input and output may be shown later.
    pub(crate) stored: bool,
}
