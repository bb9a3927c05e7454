//! The provider of the edits: fal.ai, or a stand-in for it.

use anyhow::{Context, ensure};
use darkroom_core::{
    config::{Config, Environment::Production},
    fal,
};

const NO_KEY: &str = "FAL_AI_API_KEY is not set: set it, or, in development, point FAL_QUEUE_URL, \
                      FAL_REST_URL and FAL_API_URL at `darkroom sim`";

/// Refuses production without a key: it uses only fal.ai, which needs one.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    ensure!(config.fal.key.is_some() || config.environment != Production, NO_KEY);
    Ok(())
}

/// A client for the provider that the settings name. Without a key it must be a stand-in.
pub(crate) fn client(config: &Config) -> anyhow::Result<fal::Client> {
    check(config)?;
    ensure!(config.fal.key.is_some() || !config.fal.is_live(), NO_KEY);
    fal::Client::new(&config.fal).context("the provider's client cannot be made")
}
