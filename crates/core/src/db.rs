//! The connection pool, the schema's version, and what a broken database means.

mod batcher;
mod connection;
mod manager;
mod pool;
mod silence;

use std::{io, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection as _, migrate::Migrator, postgres::PgConnectOptions};
use time::OffsetDateTime;

pub use batcher::{Ask, Asker, Batcher, Bounds};
pub(crate) use connection::silent;
pub use connection::{Connection, Transaction};
use pool::ACQUIRE_TIMEOUT;
pub use pool::{Pool, PoolUsage};

/// The database did not do what it was asked.
///
/// Cloned for all who wait for the same answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the database failed while {doing}")]
pub struct Error {
    doing: &'static str,
    #[source]
    source: Arc<sqlx::Error>,
}

/// Opens a pool, in a tokio runtime. Connects when first used: a database that is away at start-up may come back.
pub fn connect(url: &SecretString, max_connections: u32) -> Result<Pool, Error> {
    connect_patiently(url, max_connections, ACQUIRE_TIMEOUT)
}

/// The same, for who would rather wait so long for a connection than be told that the database is away.
pub fn connect_patiently(
    url: &SecretString,
    max_connections: u32,
    patience: Duration,
) -> Result<Pool, Error> {
    let options: PgConnectOptions =
        url.expose_secret().parse().map_err(Error::doing("reading its URL"))?;
    // Not for PgBouncer, which refuses what it does not know, and of no use to PostgreSQL from 12 on.
    let options = options.application_name("darkroom").extra_float_digits(None);
    Pool::new(options, max_connections, patience).map_err(Error::doing("opening a pool"))
}

/// The clock that decides everything.
pub async fn now(pool: &Pool) -> Result<OffsetDateTime, Error> {
    sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(pool)
        .await
        .map_err(Error::doing("reading the clock"))
}

/// The schema, as this build knows it. A newer one is left as it is, so that going back a version
/// is not stopped by it.
fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// What was done to a schema, and how it is now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// Numbers and names of the migrations that were applied, the first one first.
    pub applied: Vec<(i64, String)>,
    /// Number of the newest migration of the schema.
    pub version: i64,
    /// Whether that is of a later build.
    pub is_newer: bool,
}

/// Brings the schema to this build's version, or leaves it at a newer one.
pub async fn migrate(pool: &Pool) -> Result<Migrated, Error> {
    let before = versions(pool).await?;
    let migrator = migrator();
    let doing = "applying the migrations";
    // Not given back: where it fails, its session has a lock that keeps others out.
    let connection = pool.acquire().await.and_then(Connection::detach);
    let mut connection = connection.map_err(Error::doing(doing))?;
    let migrated = migrator.run(&mut connection).await;
    migrated.map_err(|error| Error::doing(doing)(error.into()))?;
    connection.close().await.map_err(Error::doing(doing))?;
    let version = versions(pool).await?.into_iter().max().unwrap_or_default();
    let missing = migrator.iter().filter(|migration| !before.contains(&migration.version));
    Ok(Migrated {
        applied: missing
            .map(|migration| (migration.version, migration.description.to_string()))
            .collect(),
        version,
        is_newer: migrator.iter().all(|migration| migration.version < version),
    })
}

/// Whether the schema is what this build needs. A newer one is: migrations expand before they
/// contract.
pub async fn schema_is_current(pool: &Pool) -> Result<bool, Error> {
    let needed = migrator().iter().map(|migration| migration.version).max();
    Ok(versions(pool).await?.into_iter().max() >= needed)
}

/// Of the migrations that the schema has; none before the first one.
async fn versions(pool: &Pool) -> Result<Vec<i64>, Error> {
    // Not `query!`: the table is sqlx's own.
    let versions = sqlx::query_scalar("select version from _sqlx_migrations where success")
        .fetch_all(pool)
        .await;
    match versions {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNDEFINED_TABLE) => {
            Ok(Vec::new())
        }
        other => other.map_err(Error::doing("reading the schema's version")),
    }
}

/// SQLSTATE of a table that does not exist (source: PostgreSQL, appendix A).
const UNDEFINED_TABLE: &str = "42P01";

impl Error {
    /// For `map_err`: says what was being done.
    pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self { doing, source: Arc::new(source) }
    }

    /// Whoever was to ask the database gave up, or ended, before it had an answer.
    pub fn unanswered(doing: &'static str) -> Self {
        Self::doing(doing)(sqlx::Error::WorkerCrashed)
    }

    /// Whether it is known that nothing was done: it was never asked, or has refused. Else an answer may have been lost.
    pub fn has_done_nothing(&self) -> bool {
        match &*self.source {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            // A shutdown may come between a commit and its answer; and a pooler says so where it lost the server.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                !code.starts_with("08") && !["57P01", "40003"].contains(&&*code)
            }),
            sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            _ => false,
        }
    }

    /// The database is away, starting, stopping or out of connections: the same call may work soon.
    pub fn is_unavailable(&self) -> bool {
        match &*self.source {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => true,
            // Connection exceptions, rolled back for another's sake, out of resources, operator
            // intervention (a restart); read-only, as a primary is that was just replaced; idle in a transaction for too long; and closed
            // to connections, as a database is under maintenance.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                matches!(code.as_ref(), "25006" | "25P03" | "55000")
                    || ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
            }),
            _ => false,
        }
    }
}
