//! Who asks, and what they may see.
//!
//! Where keys are needed, each key sees and touches what it made, and nothing else is there for it. Without a need
//! for keys, who sends none sees everything, and who sends one is held to it all the same.

mod caller;
mod keys;
mod sent;

use std::sync::Arc;

use darkroom_core::{
    config::{Config, Environment},
    db::Pool,
};

use self::keys::Keys;
pub(crate) use caller::Caller;

/// Who is let in.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    keys: Arc<Keys>,
    /// Whether nothing is answered without a key.
    needs_key: bool,
    /// Whether the operators' paths are open to whoever sends none.
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
