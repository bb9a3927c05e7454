//! The API's answers, as far as they are needed here.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

/// A job.
#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: Uuid,
    pub(super) status: Status,
    #[serde(default)]
    pub(super) result_images: Vec<Image>,
    pub(super) error: Option<JobError>,
    /// The answer as it came.
    #[serde(skip)]
    whole: Value,
}

/// The status of a job.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
    /// A status of a later version; it is taken for one that has not ended.
    #[serde(other)]
    Other,
}

/// A result.
#[derive(Debug, Deserialize)]
pub(super) struct Image {
    pub(super) url: Url,
    pub(super) content_type: String,
    /// In bytes.
    pub(super) size: u64,
    /// Whether the model's safety checker has blanked it.
    pub(super) blanked: Option<bool>,
}

/// Why a job failed.
#[derive(Debug, Deserialize)]
pub(super) struct JobError {
    pub(super) code: String,
    pub(super) message: String,
}

/// How far a job is.
#[derive(Debug, Deserialize)]
pub(super) struct Progress {
    pub(super) status: Status,
    pub(super) queue_position: Option<u64>,
    pub(super) provider: Option<Provider>,
    pub(super) elapsed_seconds: f64,
    pub(super) typical_seconds: Option<u32>,
    pub(super) percent: Option<f64>,
}

/// The provider's status of its request.
#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    pub(super) state: String,
    pub(super) position: Option<u64>,
}

/// Why the API refused a request, or failed.
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    detail: String,
    field: Option<String>,
}

impl Status {
    /// Whether a job with this status has ended.
    pub(super) fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Job {
    /// Reads a job from an answer; `None` if the answer is no job.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let whole: Value = serde_json::from_slice(body).ok()?;
        let job = Self::deserialize(&whole).ok()?;
        Some(Self { whole, ..job })
    }

    /// The job's JSON as it came, plus the names of its saved results.
    pub(super) fn json(&self, files: &[String]) -> String {
        let mut whole = self.whole.clone();
        if let Some(members) = whole.as_object_mut() {
            members.insert("files".into(), json!(files));
        }
        format!("{whole:#}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}
