//! API keys: who is calling, and who owns a job.
//!
//! Guarantees:
//! - A key is shown once, when it is made. Neither the database nor a log holds it.
//! - Keys are compared in constant time.

mod token;

use time::OffsetDateTime;
use uuid::Uuid;

pub use token::{Digest, Malformed, Token};

/// Names an API key; it is not the key itself.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ApiKeyId(pub Uuid);

impl ApiKeyId {
    /// What the queue writes as the owner of a job without a key, where none is required.
    pub(crate) const NOBODY: Uuid = Uuid::nil();
}

/// The limits of an API key; where one is `None`, the key has no such limit of its own. How many of its jobs
/// may be in flight is a rule of the queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyLimits {
    /// Jobs that may be made in a minute.
    pub jobs_per_minute: Option<u32>,
    /// Jobs that may be unfinished at a time.
    pub max_pending: Option<u32>,
    /// Millionths of a US dollar that may be spent in a day (UTC).
    pub daily_budget_micros: Option<i64>,
}

/// What is kept of an API key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Names it for programs.
    pub id: ApiKeyId,
    /// Names it for operators; up to 100 characters.
    pub name: String,
    /// How the key begins.
    pub prefix: String,
    /// Of the whole key.
    pub digest: Digest,
    /// Whether it opens the operators' paths and everybody's jobs.
    pub is_admin: bool,
    /// What it may do.
    pub limits: KeyLimits,
    /// By the database's clock.
    pub created_at: OffsetDateTime,
    /// When it was revoked; since then it opens nothing.
    pub revoked_at: Option<OffsetDateTime>,
    /// When this record last changed.
    pub changed_at: OffsetDateTime,
}
