//! `darkroom migrate`

use darkroom_core::{config::Config, db};

use crate::database;

pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let pool = database::connect(&config.database)?;
    let done = db::migrate(&pool).await?;
    for (number, name) in &done.applied {
        tracing::info!(number, name, "a migration is applied");
    }
    if done.is_newer {
        tracing::warn!(
            version = done.version,
            "the schema is a later version's, and left as it is"
        );
    } else {
        tracing::info!(version = done.version, "the schema is current");
    }
    pool.close().await;
    Ok(())
}
