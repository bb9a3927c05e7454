//! `darkroom migrate`

use darkroom_core::{config::Config, db};

use crate::database;

pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let pool = database::connect(&config.database)?;
    db::migrate(&pool).await?;
    tracing::info!("the schema is current");
    pool.close().await;
    Ok(())
}
