//! Check: how far a request is (source: fal's inference API reference, queue status).

use serde::Deserialize;

use super::{Client, Error, client::json};
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
struct Answer {
    status: Status,
    queue_position: Option<u64>,
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
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
        let answer: Answer = json(self.ask(&submission.status_url).await?).await?;
        Ok(match answer.status {
            Status::InQueue => Progress::Waiting { position: answer.queue_position },
            Status::InProgress => Progress::Running,
            Status::Completed => Progress::Ended {
                inference_seconds: answer.metrics.and_then(|metrics| metrics.inference_time),
            },
        })
    }
}
