//! How a stand differs from the usual one.

use tokio::time::Duration;

use crate::statements::Counting;

/// Edits at a time at the stand-in, unless said otherwise.
pub(crate) const EDITS_AT_A_TIME: u16 = 8;

/// What a benchmark asks of its stand.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) counting: Counting,
    /// How long the stand-in takes for an edit.
    pub(crate) latency: Duration,
    /// Edits at a time at the stand-in.
    pub(crate) edits: u16,
    /// Settings of the worker, in addition to those that every worker needs.
    pub(crate) worker: Vec<(&'static str, String)>,
    /// Whether the worker is started only when the benchmark says so.
    pub(crate) is_worker_held: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            counting: Counting::Nothing,
            latency: Duration::from_millis(500),
            edits: EDITS_AT_A_TIME,
            worker: Vec::new(),
            is_worker_held: false,
        }
    }
}
