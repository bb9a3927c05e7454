//! The connection pool, the schema's version, and what a database's errors mean.

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
/// It can be cloned, because several callers may wait for the same answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the database failed while {doing}")]
pub struct Error {
    doing: &'static str,
    #[source]
    source: Arc<sqlx::Error>,
}

/// Opens a pool; must be called in a tokio runtime. It connects at first use: the database may be away at start-up.
pub fn connect(url: &SecretString, max_connections: u32) -> Result<Pool, Error> {
    connect_patiently(url, max_connections, ACQUIRE_TIMEOUT)
}

/// The same, for callers that would rather wait for a connection, up to `patience`, than be told that the database
/// is away.
pub fn connect_patiently(
    url: &SecretString,
    max_connections: u32,
    patience: Duration,
) -> Result<Pool, Error> {
    let options: PgConnectOptions =
        url.expose_secret().parse().map_err(Error::doing("reading its URL"))?;
    // PgBouncer refuses start-up parameters that it does not know, and PostgreSQL from 12 on has no use for this one.
    let options = options.application_name("darkroom").extra_float_digits(None);
    Pool::new(options, max_connections, patience).map_err(Error::doing("opening a pool"))
}

/// The database's time: the only clock that decides about leases and schedules.
pub async fn now(pool: &Pool) -> Result<OffsetDateTime, Error> {
    sqlx::query_scalar!(r#"select now() as "now!""#)
        .fetch_one(pool)
        .await
        .map_err(Error::doing("reading the clock"))
}

/// This build's migrations. A schema with newer ones is accepted, so that an older version can still
/// be started.
fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../../migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// What was done to a schema, and its version now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// Numbers and names of the migrations that were applied, in order.
    pub applied: Vec<(i64, String)>,
    /// Number of the newest migration of the schema.
    pub version: i64,
    /// Whether that migration is from a later build than this one.
    pub is_newer: bool,
}

/// Brings the schema to this build's version, or leaves it at a newer one.
pub async fn migrate(pool: &Pool) -> Result<Migrated, Error> {
    let before = versions(pool).await?;
    let migrator = migrator();
    let doing = "applying the migrations";
    // Not given back to the pool: after a failure its session still holds the lock that keeps other migrators out.
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

/// Whether the schema has all that this build needs. A newer one has: migrations expand before they
/// contract.
pub async fn schema_is_current(pool: &Pool) -> Result<bool, Error> {
    let needed = migrator().iter().map(|migration| migration.version).max();
    Ok(versions(pool).await?.into_iter().max() >= needed)
}

/// The versions of the migrations that the schema has; none before the first one.
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

    /// The task that asks the database ended before it had an answer: what was done is not known.
    pub fn unanswered(doing: &'static str) -> Self {
        Self::doing(doing)(sqlx::Error::WorkerCrashed)
    }

    /// The database was not asked, because too much else was under way.
    pub(crate) fn not_asked(doing: &'static str) -> Self {
        Self::doing(doing)(sqlx::Error::PoolTimedOut)
    }

    /// Whether certainly nothing was done: the database was not asked, or it refused. Otherwise its answer may be lost.
    pub fn has_done_nothing(&self) -> bool {
        match &*self.source {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            // After these codes a commit may have been done: a shutdown can come between a commit and its answer,
            // and a pooler reports one of them when it has lost the server.
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
            // The classes: connection exceptions, rollbacks because of another transaction, out of resources, operator
            // intervention (a restart). The codes: read-only, as a primary is that was just replaced; idle in a
            // transaction for too long; closed to connections, as a database is under maintenance.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                matches!(code.as_ref(), "25006" | "25P03" | "55000")
                    || ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
            }),
            _ => false,
        }
    }
}
