//! The pool of connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, TryFutureExt},
    stream::{self, BoxStream},
};
use sqlx::{
    Connection as _, Database, Describe, Either, Error, Execute, Executor, PgPool, Postgres,
    SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::{
    connection::{Connection, Transaction, silent},
    silence::Silence,
};

/// How long a caller waits for a connection before it is told that the database is away.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection that rested longer is tried before it is handed out.
const TRUSTED_REST: Duration = Duration::from_secs(2);

/// How long one that is tried has to answer before another one is opened.
const TRIAL: Duration = Duration::from_secs(1);

/// The pool of connections that one process shares. Every statement through it has a bound.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) connections: PgPool,
    silence: Silence,
    /// Times that a caller was told that the database is away.
    timeouts: Arc<AtomicU64>,
}

/// How a pool is used at the moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PoolUsage {
    /// Connections that somebody has.
    pub in_use: u32,
    /// Connections that nobody has.
    pub idle: u32,
    /// Connections that there may be.
    pub max: u32,
    /// Times, so far, that none was to be had in time.
    pub timeouts: u64,
}

impl Pool {
    pub(super) fn new(options: PgConnectOptions, max_connections: u32, patience: Duration) -> Self {
        let silence = Silence::default();
        let heard = silence.clone();
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(patience)
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let silence = heard.clone();
                Box::pin(async move {
                    if silence.was_within(meta.idle_for) {
                        return Ok(false);
                    }
                    if meta.idle_for > TRUSTED_REST {
                        let Ok(answered) = timeout(TRIAL, connection.ping()).await else {
                            silence.notice();
                            return Err(silent());
                        };
                        answered?;
                    }
                    Ok(true)
                })
            });
        Self { connections: pool.connect_lazy_with(options), silence, timeouts: Arc::default() }
    }

    /// A pool of one connection that is none of this one's, for somebody who keeps it. Whatever becomes
    /// of it there, this pool loses no place.
    pub(crate) fn beside(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(self.connections.connect_options().as_ref().clone())
    }

    /// Takes a connection, for several statements.
    pub async fn acquire(&self) -> Result<Connection, Error> {
        let acquired = self.connections.acquire().await.inspect_err(|error| {
            if matches!(error, Error::PoolTimedOut) {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Connection::new(acquired?, self.silence.clone()))
    }

    /// How it is used.
    pub fn usage(&self) -> PoolUsage {
        let idle = u32::try_from(self.connections.num_idle()).unwrap_or(u32::MAX);
        PoolUsage {
            // The two are not looked up at the same moment.
            in_use: self.connections.size().saturating_sub(idle),
            idle,
            max: self.connections.options().get_max_connections(),
            timeouts: self.timeouts.load(Ordering::Relaxed),
        }
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(self.acquire().await?).await
    }

    /// Closes all connections, and waits until that is done.
    pub async fn close(&self) {
        self.connections.close().await;
    }
}

impl<'c> Executor<'c> for &'_ Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<
        'e,
        Result<Either<<Postgres as Database>::QueryResult, <Postgres as Database>::Row>, Error>,
    >
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        let answers = async move {
            let answers = pool.acquire().await?.fetch_many(query).collect::<Vec<_>>().await;
            Ok(stream::iter(answers))
        };
        answers.try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Postgres as Database>::Row>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Postgres as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Postgres as Database>::Statement, Error>>
    where
        'c: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.describe(sql).await })
    }
}
