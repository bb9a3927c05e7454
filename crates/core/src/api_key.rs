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
    /// By the database's clock.
    pub created_at: OffsetDateTime,
    /// Since when it opens nothing.
    pub revoked_at: Option<OffsetDateTime>,
    /// When anything of it changed last.
    pub changed_at: OffsetDateTime,
}
