//! A connection of the pool, and a transaction on one. Their statements have a time limit.
//!
//! sqlx waits for an answer without limit, and sets no keepalive: a server that goes silent would hold
//! the caller and its connection until the kernel gives up, or for ever.

use std::{
    io,
    ops::{Deref, DerefMut},
    time::Duration,
};

use deadpool::managed::Object;
use futures_util::{
    StreamExt,
    future::{BoxFuture, TryFutureExt},
    stream::{self, BoxStream},
};
use sqlx::{
    AssertSqlSafe, Connection as _, Database, Describe, Either, Error, Execute, Executor,
    PgConnection, Postgres, SqlStr,
};
use tokio::{
    runtime::Handle,
    time::{Instant, error::Elapsed, timeout},
};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{manager::Manager, silence::Silence};

/// How long a statement may take that carries no pictures. More than any needs, and less than a caller likes to wait.
const STATEMENT_PATIENCE: Duration = Duration::from_secs(15);

/// The pace that pictures must at least have on their way to the database or from it. A slower one counts as silence.
const LEAST_BYTES_PER_SECOND: u64 = 500_000;

/// How long a connection that is given back may take to finish what it was asked for.
const RETURN_PATIENCE: Duration = Duration::from_secs(5);

/// A process that is stopped inside of a transaction, or cut off, holds its locks no longer than this: the
/// server ends the connection and rolls back.
///
/// The server counts until it has the whole of the next statement, so one with pictures is given time for them, too.
const IDLE_PATIENCE: Duration = Duration::from_secs(3);

/// A connection, given back when dropped.
///
/// One that does not answer is closed instead, so that its place in the pool becomes free.
#[derive(Debug)]
pub struct Connection {
    /// `None` once it is closed.
    held: Option<Held>,
    in_transaction: bool,
    /// Whether its last statement was answered in full and without an error.
    is_clean: bool,
    silence: Silence,
    /// How much longer its statements may take, because of what they carry.
    allowance: Duration,
}

/// A connection in use. If it is dropped without being given back, it is closed, so that the next user does not find
/// an unfinished statement or transaction on it.
#[derive(Debug)]
pub(super) struct Held {
    /// `None` once it is given back or closed.
    pooled: Option<Object<Manager>>,
    _in_use: TaskTrackerToken,
}

/// A transaction; rolled back when dropped before its commit.
#[derive(Debug)]
pub struct Transaction(Connection);

impl Connection {
    pub(super) fn new(held: Held, silence: Silence, allowance: Duration) -> Self {
        Self { held: Some(held), in_transaction: false, is_clean: true, silence, allowance }
    }

    fn patience(&self) -> Duration {
        STATEMENT_PATIENCE + self.allowance
    }

    /// Takes it out of the pool, for work that leaves traces in its session or must not have a time limit.
    pub(super) fn detach(mut self) -> Result<PgConnection, Error> {
        let pooled = self.held.as_mut().and_then(|held| held.pooled.take());
        pooled.map(|pooled| Object::take(pooled).raw).ok_or(Error::PoolClosed)
    }

    /// Marks the connection as not clean; the caller sets `is_clean` once it has the whole answer.
    fn raw(&mut self) -> Result<&mut PgConnection, Error> {
        self.is_clean = false;
        let pooled = self.held.as_mut().and_then(|held| held.pooled.as_mut());
        pooled.map(|pooled| &mut pooled.raw).ok_or(Error::PoolClosed)
    }

    /// What a statement was answered; closes the connection where that did not come in time.
    fn answered<Answer>(
        &mut self,
        answer: Result<Result<Answer, Error>, Elapsed>,
    ) -> Result<Answer, Error> {
        let answer = answer.map_err(|_elapsed| self.give_up())?;
        self.is_clean = answer.is_ok();
        answer
    }

    /// Closes it: it did not answer in time.
    fn give_up(&mut self) -> Error {
        self.held = None;
        self.silence.notice();
        silent()
    }
}

impl Held {
    pub(super) fn new(pooled: Object<Manager>, in_use: TaskTrackerToken) -> Self {
        Self { pooled: Some(pooled), _in_use: in_use }
    }

    fn is_old(&self) -> bool {
        self.pooled.as_ref().is_some_and(|pooled| pooled.is_old())
    }

    /// Returns it to the pool.
    fn give_back(mut self) {
        if let Some(mut pooled) = self.pooled.take() {
            // The buffers have grown to the size of the largest picture that went through them.
            pooled.raw.shrink_buffers();
            pooled.free_since = Instant::now();
        }
    }

    /// Gives it back once what it was asked for has ended and a transaction is rolled back; closes it if that fails.
    async fn clean(mut self, in_transaction: bool) {
        let Some(pooled) = &mut self.pooled else { return };
        let cleaning = async {
            if in_transaction {
                pooled.raw.execute("rollback").await?;
            }
            pooled.raw.ping().await
        };
        match timeout(RETURN_PATIENCE, cleaning).await.unwrap_or_else(|_elapsed| Err(silent())) {
            Ok(()) if self.is_old() => {
                if let Some(pooled) = self.pooled.take() {
                    Object::take(pooled).close().await;
                }
            }
            Ok(()) => self.give_back(),
            Err(error) => tracing::debug!(%error, "a connection is not given back"),
        }
    }
}

impl Transaction {
    pub(super) async fn begin(mut connection: Connection) -> Result<Self, Error> {
        // Set first: a `begin` may be carried out although its answer is lost.
        connection.in_transaction = true;
        let idle = (IDLE_PATIENCE + connection.allowance).as_millis();
        // Set for the transaction and not for the connection, which a pooler may give to somebody else.
        let begin = format!("begin; set local idle_in_transaction_session_timeout = '{idle}ms'");
        connection.execute(AssertSqlSafe(begin)).await?;
        Ok(Self(connection))
    }

    /// Commits. After an error it is not known whether the transaction was committed.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.0.execute("commit").await?;
        self.0.in_transaction = false;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        if self.is_clean && !self.in_transaction && !held.is_old() {
            held.give_back();
        } else if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(held.clean(self.in_transaction));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Without telling the server, which may not answer.
        drop(self.pooled.take().map(Object::take));
    }
}

/// How much longer a statement may take that carries so many bytes of pictures.
pub(super) fn time_for(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Duration::from_secs(bytes / LEAST_BYTES_PER_SECOND)
}

/// The error for a server that did not answer in time.
pub(crate) fn silent() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}

impl<'c> Executor<'c> for &'c mut Connection {
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
        let answers = async move {
            let patience = self.patience();
            let answers = self.raw()?.fetch_many(query).collect::<Vec<_>>();
            match timeout(patience, answers).await {
                Ok(answers) => {
                    self.is_clean = answers.iter().all(Result::is_ok);
                    Ok(stream::iter(answers))
                }
                Err(_elapsed) => Err(self.give_up()),
            }
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
        Box::pin(async move {
            let answer = timeout(self.patience(), self.raw()?.fetch_optional(query)).await;
            self.answered(answer)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Postgres as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Postgres as Database>::Statement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let patience = self.patience();
            let prepared = self.raw()?.prepare_with(sql, parameters);
            let answer = timeout(patience, prepared).await;
            self.answered(answer)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let answer = timeout(self.patience(), self.raw()?.describe(sql)).await;
            self.answered(answer)
        })
    }
}
