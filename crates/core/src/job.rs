//! A job: one accepted request for one edit.

mod failure;

use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    api_key::ApiKeyId,
    models::Options,
    store::{Cache, IdempotencyKey, NewImage, Parent, StoredImage},
    webhook::Webhook,
};
pub use failure::{Failure, FailureCode};

/// Most characters that a prompt may have.
pub const MAX_PROMPT_CHARS: usize = 5_000;

/// The priorities that a job may have; 0 by default.
pub const PRIORITIES: RangeInclusive<i16> = -100..=100;

/// Names a job. A `UUIDv7`: later jobs have greater ids.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl JobId {
    /// A new id, greater than those that this process made before.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A job's place in its life, in the row and on the wire.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// Accepted; not at fal yet.
    Pending,
    /// fal has it.
    Processing,
    /// Ended well; the results are in the image store.
    Completed,
    /// Ended badly; the failure says why. Its caller may have it tried again.
    Failed,
    /// Ended by its caller.
    Cancelled,
}

impl Status {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Processing, Self::Completed, Self::Failed, Self::Cancelled];

    /// Whether nothing more happens to the job by itself.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Pending | Self::Processing => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// What a job of this status may become next; nothing when it has ended. Drawn in
    /// `docs/lifecycle.md`.
    pub fn may_become(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Processing, Self::Failed, Self::Cancelled],
            Self::Processing => &[Self::Completed, Self::Failed, Self::Cancelled],
            Self::Failed => &[Self::Pending],
            Self::Completed | Self::Cancelled => &[],
        }
    }
}

/// A job as it stands.
#[derive(Clone, Debug)]
pub struct Job {
    /// Made with the job.
    pub id: JobId,
    /// The key that owns it; nothing where it was made without one. Never changes.
    pub api_key: Option<ApiKeyId>,
    /// What the caller asked for; never changes.
    pub prompt: String,
    /// Endpoint at fal that edits; never changes.
    pub model: String,
    /// What the caller asked for besides the prompt, as [`Options`] writes it; never changes.
    pub options: serde_json::Value,
    /// The seed that made the results; set when the job completes, where the model tells it.
    pub seed: Option<i64>,
    /// Higher goes first.
    pub priority: i16,
    /// When it is to start; nothing means at once.
    pub run_at: Option<OffsetDateTime>,
    /// Which receiver is told of which events.
    pub webhook: Option<Webhook>,
    /// What the caller attached to it: an object; never changes.
    pub metadata: Option<serde_json::Value>,
    /// Whether it was completed when it was made, with another job's results; never changes.
    pub cached: bool,
    /// The job whose result it edits; nothing where it edits none, or where that job is deleted.
    pub parent: Option<JobId>,
    /// Changes when the job is submitted and when it ends.
    pub status: Status,
    /// Set when the job fails.
    pub failure: Option<Failure>,
    /// By the database's clock.
    pub created_at: OffsetDateTime,
    /// When the status last changed.
    pub updated_at: OffsetDateTime,
    /// The inputs, then the results, each in order; without their bytes.
    pub images: Vec<StoredImage>,
}

/// A job about to be made.
#[derive(Clone, Debug, Default)]
pub struct NewJob {
    /// At most [`MAX_PROMPT_CHARS`], without NUL, not blank.
    pub prompt: String,
    /// Endpoint at fal.
    pub model: String,
    /// Checked against the model.
    pub options: Options,
    /// The pictures to edit, in order; at least one, unless there is a parent.
    pub inputs: Vec<NewImage>,
    /// The key that owns it; nothing where no key is required.
    pub api_key: Option<ApiKeyId>,
    /// Whether that key has limits to be checked.
    pub has_limits: bool,
    /// What it may cost at most, in millionths of a US dollar.
    pub cost_micros: i64,
    /// Higher goes first; one of [`PRIORITIES`].
    pub priority: i16,
    /// When it is to start; nothing means at once.
    pub run_at: Option<OffsetDateTime>,
    /// Which receiver to tell of which events; nothing means none.
    pub webhook: Option<Webhook>,
    /// The job whose result to edit, in place of pictures.
    pub parent: Option<Parent>,
    /// What its caller attaches to it: an object, without NUL.
    pub metadata: Option<serde_json::Value>,
    /// How long the job may take, from its start, before it fails; nothing means for ever.
    pub deadline: Option<Duration>,
    /// How results are reused; nothing means never.
    pub cache: Option<Cache>,
    /// The idempotency key, where its caller gave one.
    pub idempotency_key: Option<IdempotencyKey>,
}
