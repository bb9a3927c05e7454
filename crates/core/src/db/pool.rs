//! The pool of connections.
//!
//! The connection that was used last is used next: its server process has plans and tables cached, and connections that
//! are not needed stay idle until they are closed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool::managed::{self, PoolError, QueueMode};
use futures_util::{
    StreamExt,
    future::{BoxFuture, TryFutureExt, join_all},
    stream::{self, BoxStream},
};
use sqlx::{
    Database, Describe, Either, Error, Execute, Executor, PgPool, Postgres, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::{
    connection::{Connection, Held, Transaction, time_for},
    manager::{Manager, Pooled, close_unneeded},
    silence::Silence,
};

/// How long a caller waits for a connection before it is told that the database is away.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The pool of connections that one process shares. Every statement through it has a time limit.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: managed::Pool<Manager>,
    max: u32,
    patience: Duration,
    /// How much longer statements may take, because of what they carry.
    allowance: Duration,
    /// The connections in use.
    in_use: TaskTracker,
    /// Times that a caller was told that the database is away.
    timeouts: Arc<AtomicU64>,
}

/// How a pool is used at the moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PoolUsage {
    /// Connections in use.
    pub in_use: u32,
    /// Connections that are not in use.
    pub idle: u32,
    /// The most connections that there may be.
    pub max: u32,
    /// How often so far no connection was free in time.
    pub timeouts: u64,
}

impl Pool {
    pub(super) fn new(
        options: PgConnectOptions,
        max_connections: u32,
        patience: Duration,
    ) -> Result<Self, Error> {
        let manager = Manager { options, silence: Silence::default() };
        let max_size = usize::try_from(max_connections).unwrap_or(usize::MAX);
        let connections = managed::Pool::builder(manager)
            .queue_mode(QueueMode::Lifo)
            .max_size(max_size)
            .build()
            .map_err(Error::config)?;
        let in_use = TaskTracker::new();
        tokio::spawn(close_unneeded(connections.weak(), in_use.clone()));
        Ok(Self {
            connections,
            max: max_connections,
            patience,
            allowance: Duration::ZERO,
            in_use,
            timeouts: Arc::default(),
        })
    }

    /// The same pool, for statements that carry so many bytes of pictures: each has that much longer.
    pub(crate) fn carrying(&self, bytes: usize) -> Self {
        Self { allowance: time_for(bytes), ..self.clone() }
    }

    /// A separate pool of one connection, for a user that keeps it. Whatever happens to that connection, this
    /// pool loses no place.
    pub(crate) fn beside(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(self.patience)
            .connect_lazy_with(self.connections.manager().options.clone())
    }

    /// Takes a connection, for several statements.
    pub async fn acquire(&self) -> Result<Connection, Error> {
        let in_use = self.in_use.token();
        let acquired = match timeout(self.patience, self.connections.get()).await {
            Ok(Ok(acquired)) => acquired,
            Ok(Err(PoolError::Backend(error))) => return Err(error),
            Ok(Err(PoolError::Closed)) => return Err(Error::PoolClosed),
            // Only our own `timeout` comes here: deadpool is given no timeouts.
            Ok(Err(_)) | Err(_) => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
                return Err(Error::PoolTimedOut);
            }
        };
        let silence = self.connections.manager().silence.clone();
        Ok(Connection::new(Held::new(acquired, in_use), silence, self.allowance))
    }

    /// The same, for callers that do not know the driver: `doing` is what the connection is taken for.
    pub async fn acquire_for(&self, doing: &'static str) -> Result<Connection, super::Error> {
        self.acquire().await.map_err(super::Error::doing(doing))
    }

    /// How it is used. One that is being opened counts as in use.
    pub fn usage(&self) -> PoolUsage {
        let status = self.connections.status();
        let count = |connections| u32::try_from(connections).unwrap_or(u32::MAX);
        // Callers that have a connection, wait for one or open one.
        let users = (status.size + status.waiting).saturating_sub(status.available);
        PoolUsage {
            in_use: count(users).min(self.max),
            idle: count(status.available),
            max: self.max,
            timeouts: self.timeouts.load(Ordering::Relaxed),
        }
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(self.acquire().await?).await
    }

    /// Closes all connections, and waits until that is done.
    pub async fn close(&self) {
        self.close_idle().await;
        self.connections.close();
        self.in_use.close();
        self.in_use.wait().await;
        // Connections that were given back meanwhile.
        self.close_idle().await;
    }

    async fn close_idle(&self) {
        let idle = self.connections.retain(|_, _| false);
        join_all(idle.removed.into_iter().map(Pooled::close)).await;
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
