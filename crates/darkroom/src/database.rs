//! The database of a role that runs by itself.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use darkroom_core::{chain::chain, config, db};
use darkroom_embedded_postgres::running_url;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The database that `darkroom up` creates in its PostgreSQL.
pub(crate) const EMBEDDED: &str = "darkroom";

/// The pause before a database that is unavailable is tried again.
const AWAY: Duration = Duration::from_secs(2);

/// What is said of a schema that this version does not work with.
const OLD_SCHEMA: &str = "the database's schema is older than this version: run `darkroom migrate`";

/// A pool on `DATABASE_URL`, or on the PostgreSQL that `darkroom up` runs on this machine.
pub(crate) fn connect(settings: &config::Database) -> anyhow::Result<db::Pool> {
    let url = settings.url.clone().or_else(|| running_url(&embedded(settings), EMBEDDED));
    let url = url.context(
        "DATABASE_URL is not set, and no `darkroom up` runs here, which would bring its own",
    )?;
    Ok(db::connect(&url, settings.max_connections)?)
}

/// Where `darkroom up` keeps its PostgreSQL.
pub(crate) fn embedded(settings: &config::Database) -> PathBuf {
    settings.data_dir.join("postgres")
}

/// Like [`connect`], but leaves one connection to the listener for wakes, which is not in the pool.
pub(crate) fn connect_beside_listener(settings: &config::Database) -> anyhow::Result<db::Pool> {
    let beside = u32::from(settings.notify);
    let max_connections = settings.max_connections.saturating_sub(beside);
    connect(&config::Database { max_connections, ..settings.clone() })
}

/// Like [`connect`], and refuses an older schema.
pub(crate) async fn connect_to_current_schema(
    settings: &config::Database,
) -> anyhow::Result<db::Pool> {
    let pool = connect(settings)?;
    if !db::schema_is_current(&pool).await? {
        bail!(OLD_SCHEMA);
    }
    Ok(pool)
}

/// Refuses an older schema; waits for a database that is unavailable. False when told to stop meanwhile.
pub(crate) async fn expect_current_schema(
    pool: &db::Pool,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    loop {
        match db::schema_is_current(pool).await {
            Ok(true) => return Ok(true),
            Ok(false) => bail!(OLD_SCHEMA),
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
