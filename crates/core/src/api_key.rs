//! API keys: who asks, and whose a job is.
//!
//! Guarantees:
//! - A key is shown once, when it is made. Neither the database nor a log holds it.
//! - What is compared with it is compared in constant time.

mod token;

use time::OffsetDateTime;
use uuid::Uuid;

pub use token::{Digest, Malformed, Token};

/// Names an API key; it is not the key itself.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ApiKeyId(pub Uuid);

impl ApiKeyId {
    /// As the queue writes that a job is nobody's, where nobody needs a key.
    pub(crate) const NOBODY: Uuid = Uuid::nil();
}

/// What an API key may do; what is nothing has no limit of its own. How many of its jobs may be in flight is a
/// rule of the queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyLimits {
    /// Jobs that may be made in a minute.
    pub jobs_per_minute: Option<u32>,
    /// Jobs that may not have ended at a time.
    pub max_pending: Option<u32>,
    /// Millionths of a US dollar that may be spent on a day (UTC).
    pub daily_budget_micros: Option<i64>,
}

/// What is kept of an API key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Names it for programs.
    pub id: ApiKeyId,
    /// Names it for operators; up to 100 characters.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// Of all of it.
    pub digest: Digest,
    /// Whether it opens the operators' paths and everybody's jobs.
    pub is_admin: bool,
    /// What it may do.
    pub limits: KeyLimits,
    /// By the database's clock.
    pub created_at: OffsetDateTime,
    /// Since when it opens nothing.
    pub revoked_at: Option<OffsetDateTime>,
    /// When anything of it changed last.
    pub changed_at: OffsetDateTime,
}
