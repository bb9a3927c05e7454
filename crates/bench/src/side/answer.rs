//! What sides answer.

use serde::{Deserialize, Serialize};

pub(crate) use crate::peers::Identity;

/// To `setup`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Done {}

/// To `enqueue`, `bulk` and `drain`.
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

/// To `wake`: how soon the work on each job began, in milliseconds.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Woke {
    pub(crate) jobs: u32,
    /// Since just before the call that made it.
    pub(crate) from_call_ms: Vec<f64>,
    /// Since that call's return; 0 where the work began before.
    pub(crate) from_commit_ms: Vec<f64>,
}

/// From `work`, once it waits for jobs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
}
