//! Who edits: fal.ai, or something that stands in for it.

use anyhow::bail;
use darkroom_core::{config::Config, fal};

/// A client for whoever the settings name. Without a key, only a stand-in will do, and in
/// production not even that.
pub(crate) fn client(config: &Config) -> anyhow::Result<fal::Client> {
    use darkroom_core::config::Environment::Production;
    if config.fal.key.is_none() && (config.fal.is_live() || config.environment == Production) {
        bail!(
            "FAL_AI_API_KEY is not set: set it, or, in development, point FAL_QUEUE_URL and \
             FAL_REST_URL at `darkroom sim`"
        );
    }
    Ok(fal::Client::new(&config.fal)?)
}
