//! The job that all queues are given: a small JSON object of about 200 bytes.

use serde::{Deserialize, Serialize};

/// What an edit would need to know, and a number to tell jobs apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Counts from 0 within an action.
    pub number: u32,
    /// Where the picture is.
    pub image: String,
    /// What to do with it.
    pub prompt: String,
    /// Who is to do it.
    pub model: String,
}

impl Job {
    /// The job with this number; all others are like it.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self {
            number,
            image: format!("inputs/{number:032x}.jpg"),
            prompt: "Replace the sky with a dramatic sunset and keep the rest as it is".into(),
            model: "fal-ai/bytedance/seedream/v4/edit".into(),
        }
    }

    /// So many jobs, numbered from 0.
    #[must_use]
    pub fn many(jobs: u32) -> Vec<Self> {
        (0..jobs).map(Self::new).collect()
    }
}
