//! Who the caller is, and what it may see.
//!
//! Where keys are needed, each key sees and touches only what it made; for it, nothing else exists. Where keys are not
//! needed, a caller without one sees everything, and a caller with one still sees only what that key may.

mod caller;
mod credential;
mod keys;

use std::sync::Arc;

use actix_web::HttpRequest;
use darkroom_core::{
    config::{Config, Environment},
    db::Pool,
};

use self::keys::Keys;
pub(crate) use caller::Caller;
use credential::Credential;

/// Who is let in.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    keys: Arc<Keys>,
    /// Whether a request without a key is refused.
    needs_key: bool,
    /// Whether the operators' paths are open to callers without a key.
    is_operated_by_anybody: bool,
}

impl Access {
    pub(crate) fn new(config: &Config, pool: Pool) -> Self {
        let needs_key = config.access.require_api_key;
        let is_development = config.environment == Environment::Development;
        Self {
            keys: Arc::new(Keys::new(pool)),
            needs_key,
            is_operated_by_anybody: is_development && !needs_key,
        }
    }
}

/// Whether the request carries what looks like an API key: it is answered only if that is one.
pub(crate) fn has_key(request: &HttpRequest) -> bool {
    matches!(Credential::of(request), Credential::Token(_))
}
