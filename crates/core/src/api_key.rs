//! API keys: whose a job is.

use uuid::Uuid;

/// Names an API key; it is not the key itself.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ApiKeyId(pub Uuid);

impl ApiKeyId {
    /// As the queue writes that a job is nobody's, where nobody needs a key.
    pub(crate) const NOBODY: Uuid = Uuid::nil();
}
