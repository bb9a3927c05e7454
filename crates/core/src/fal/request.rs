//! Check: how far a request is (source: fal's inference API reference, queue status).

use serde::Deserialize;

use super::{
    Client, Error,
    client::{json, send},
};
use crate::queue::Submission;

/// How far a request is. fal has no word for failed: that too is completed, and its result says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// In fal's queue.
    Waiting {
        /// Requests ahead, over all callers of the endpoint.
        position: Option<u64>,
    },
    /// On a machine; it may go back to waiting.
    Running,
    /// Ended, well or badly.
    Ended {
        /// Seconds on the machine.
        inference_seconds: Option<f64>,
    },
}

#[derive(Deserialize)]
struct Status {
    status: Word,
    queue_position: Option<u64>,
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Word {
    InQueue,
    InProgress,
    Completed,
}

#[derive(Deserialize)]
struct Metrics {
    inference_time: Option<f64>,
}

impl Client {
    /// Asks once how far a request is.
    pub async fn check(&self, submission: &Submission) -> Result<Progress, Error> {
        let request = self.keyed.get(submission.status_url.clone());
        let status: Status = json(send(request).await?).await?;
        Ok(match status.status {
            Word::InQueue => Progress::Waiting { position: status.queue_position },
            Word::InProgress => Progress::Running,
            Word::Completed => Progress::Ended {
                inference_seconds: status.metrics.and_then(|metrics| metrics.inference_time),
            },
        })
    }
}
