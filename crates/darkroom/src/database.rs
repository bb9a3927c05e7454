//! The database of a role that runs by itself.

use std::time::Duration;

use anyhow::{Context, bail};
use darkroom_core::{chain::chain, config, db};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long to wait before a database that is away is tried again.
const AWAY: Duration = Duration::from_secs(2);

/// A pool on `DATABASE_URL`.
pub(crate) fn connect(settings: &config::Database) -> anyhow::Result<db::Pool> {
    let url = settings.url.as_ref().context(
        "DATABASE_URL is not set; a role by itself needs it (`darkroom up` brings its own)",
    )?;
    Ok(db::connect(url, settings.max_connections)?)
}

/// Likewise, for who also listens: what hears wakes is a connection beside the pool.
pub(crate) fn connect_and_listen(settings: &config::Database) -> anyhow::Result<db::Pool> {
    let beside = u32::from(settings.notify);
    let max_connections = settings.max_connections.saturating_sub(beside);
    connect(&config::Database { max_connections, ..settings.clone() })
}

/// Refuses an older schema; waits for a database that is away. False when told to stop meanwhile.
pub(crate) async fn expect_current_schema(
    pool: &db::Pool,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    loop {
        match db::schema_is_current(pool).await {
            Ok(true) => return Ok(true),
            Ok(false) => {
                bail!("the database's schema is older than this version: run `darkroom migrate`")
            }
            Err(error) if error.is_unavailable() => {
                tracing::warn!(error = %chain(&error), "the database is away; waiting for it");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(false),
            () = sleep(AWAY) => {}
        }
    }
}
