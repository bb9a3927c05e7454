//! `darkroom webhook-secret`: prints the secrets that receivers verify deliveries with.

#![expect(clippy::print_stdout, reason = "a command prints what it was asked for")]

use darkroom_core::{
    config::{self, Config},
    webhook::Secrets,
};
use secrecy::ExposeSecret;

use crate::database;

/// Prints the secrets, one per line. Configured ones are printed without asking the database.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let secrets = match config.outbound.webhook_secrets {
        Some(configured) => configured,
        None => stored(&config.database).await?,
    };
    for secret in secrets.texts() {
        println!("{}", secret.expose_secret());
    }
    Ok(())
}

async fn stored(settings: &config::Database) -> anyhow::Result<Secrets> {
    let pool = database::connect_to_current_schema(settings).await?;
    Ok(Secrets::load(None, &pool).await?)
}
