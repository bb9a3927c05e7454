//! The answers that sides give.

use serde::{Deserialize, Serialize};

pub(crate) use crate::peers::Identity;

/// The answer to `setup`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Done {}

/// The answer to `enqueue`, `bulk` and `drain`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Took {
    pub(crate) jobs: u32,
    pub(crate) seconds: f64,
}

impl Took {
    /// Jobs in a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.jobs) / self.seconds
    }
}

/// The answer to `wake`: how soon the work on each job began, in milliseconds.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Woke {
    pub(crate) jobs: u32,
    /// From just before the call that made the job.
    pub(crate) from_call_ms: Vec<f64>,
    /// From that call's return; 0 if the work began before it.
    pub(crate) from_commit_ms: Vec<f64>,
}

/// What `work` prints once it waits for jobs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
}
