//! Check: how far a request is (source: fal's inference API reference, queue status).

use reqwest::Method;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Client, Error,
    address::Named,
    malformed::{Malformed, hint, hints, parse},
};
use crate::queue::Submission;

/// The last lines of a log that are kept, and how much of each.
const MOST_LINES: usize = 100;
const MOST_CHARS: usize = 1_000;
/// The same for a line's timestamp and level.
const MOST_CHARS_BESIDE: usize = 64;

/// What fal says of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How far it is.
    pub progress: Progress,
    /// The model's log: all of it in an answer to [`Client::check`], only new lines in a report of
    /// [`Client::watch`]. At most the last 100 lines, and 1,000 characters of each.
    pub logs: Vec<LogLine>,
    /// How many lines of the log before these were left out.
    pub left_out: usize,
}

/// How far a request is. fal has no status for a failed request: it is completed too, and its result says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress {
    /// In fal's queue.
    Waiting {
        /// Requests ahead, over all callers of the endpoint.
        position: Option<u64>,
    },
    /// Running on a machine; it may go back to waiting.
    Running,
    /// Ended, well or badly.
    Ended {
        /// Seconds on the machine.
        inference_seconds: Option<f64>,
    },
}

/// A line of a model's log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogLine {
    /// As the model wrote it.
    pub message: String,
    /// When, as fal writes it: ISO 8601.
    pub timestamp: Option<String>,
    /// `INFO`, `STDERR` and so on.
    pub level: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    status: Status,
    #[serde(default, deserialize_with = "hint")]
    queue_position: Option<u64>,
    #[serde(default, deserialize_with = "hint")]
    metrics: Option<Metrics>,
    #[serde(default, deserialize_with = "hints")]
    logs: Vec<Option<Line>>,
}

/// Read from a string, so that a value of another type is reported as a wrong type and not as broken JSON.
#[derive(Deserialize)]
#[serde(try_from = "String")]
enum Status {
    InQueue,
    InProgress,
    Completed,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default, deserialize_with = "hint")]
    inference_time: Option<f64>,
}

#[derive(Deserialize)]
struct Line {
    message: String,
    #[serde(default, deserialize_with = "hint")]
    timestamp: Option<String>,
    #[serde(default, deserialize_with = "hint")]
    level: Option<String>,
}

impl Client {
    /// Asks once how far a request is.
    pub async fn check(&self, submission: &Submission) -> Result<Report, Error> {
        let mut url = submission.status_url.clone();
        url.query_pairs_mut().append_pair("logs", "1");
        Ok(self.ask(Method::GET, &url).await?.json::<Answer>()?.into())
    }
}

impl Client {
    /// Finds out whether fal's queue answers at all, by a check of a request that does not exist. That is
    /// free, and answered with 404 (source: fal's inference API reference, queue status).
    pub async fn reach(&self, endpoint: &str) -> Result<(), Error> {
        let nobody = Named::by(Uuid::nil().to_string()).at(&self.queue_url, endpoint);
        match self.check(&nobody).await {
            Err(error) if !error.is_unknown_request() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

impl Report {
    /// Reads an event of the status stream, which looks like the answer to a check.
    pub(super) fn read(json: &[u8]) -> Result<Self, Malformed> {
        parse::<Answer>(json).map(Into::into)
    }
}

impl TryFrom<String> for Status {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "IN_QUEUE" => Ok(Self::InQueue),
            "IN_PROGRESS" => Ok(Self::InProgress),
            "COMPLETED" => Ok(Self::Completed),
            _ => Err("not a status"),
        }
    }
}

impl From<Answer> for Report {
    fn from(answer: Answer) -> Self {
        let progress = match answer.status {
            Status::InQueue => Progress::Waiting { position: answer.queue_position },
            Status::InProgress => Progress::Running,
            Status::Completed => Progress::Ended {
                inference_seconds: answer.metrics.and_then(|metrics| metrics.inference_time),
            },
        };
        let mut logs: Vec<Line> = answer.logs.into_iter().flatten().collect();
        let left_out = logs.len().saturating_sub(MOST_LINES);
        let logs = logs.split_off(left_out);
        Self { progress, logs: logs.into_iter().map(Into::into).collect(), left_out }
    }
}

impl From<Line> for LogLine {
    fn from(line: Line) -> Self {
        Self {
            message: start(&line.message, MOST_CHARS),
            timestamp: line.timestamp.map(|text| start(&text, MOST_CHARS_BESIDE)),
            level: line.level.map(|text| start(&text, MOST_CHARS_BESIDE)),
        }
    }
}

fn start(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
