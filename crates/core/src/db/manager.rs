//! Manager: opens the pool's connections, says which of them may still be used, and closes those that nobody needs.

use std::{fmt, time::Duration};

use deadpool::managed::{self, Metrics, RecycleResult, WeakPool};
use futures_util::future::join_all;
use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use super::{connection::silent, silence::Silence};

/// A connection that was idle for longer is tested before it is handed out.
const TRUSTED_REST: Duration = Duration::from_secs(2);

/// How long a connection under test has to answer before another one is opened instead.
const TRIAL: Duration = Duration::from_secs(1);

/// A connection that was idle for so long is closed.
const LONGEST_REST: Duration = Duration::from_mins(5);

/// How often the pool is searched for connections to close.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);

/// What a server keeps in memory for a connection grows, so one that is older than this is closed when given back.
const LONGEST_LIFE: Duration = Duration::from_mins(30);

/// How long it may take to tell the server that a connection ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Turns off JIT compilation, which takes longer than nearly any of our statements runs.
///
/// PostgreSQL compiles whenever it estimates that a statement reads much: a claim, for example, while an open
/// transaction keeps vacuum from clearing the table. Not a start-up parameter, as PgBouncer refuses unknown ones.
const UNCOMPILED: &str = "set jit = off";

/// How long to wait before connecting again to a server that is starting, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Opens connections.
pub(super) struct Manager {
    pub(super) options: PgConnectOptions,
    pub(super) silence: Silence,
}

/// A connection of the pool.
#[derive(Debug)]
pub(super) struct Pooled {
    pub(super) raw: PgConnection,
    opened_at: Instant,
    /// When it was last given back.
    pub(super) free_since: Instant,
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = Error;

    /// Retries while the server is starting. The caller's own time limit says how long that may go on.
    async fn create(&self) -> Result<Pooled, Error> {
        let mut wait = FIRST_WAIT;
        loop {
            // Boxed: every future that waits for a connection would otherwise be larger by this one.
            match Box::pin(self.open()).await {
                Ok(opened) => return Ok(opened),
                Err(error) if may_take_others_soon(&error) => {
                    sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn recycle(&self, pooled: &mut Pooled, _: &Metrics) -> RecycleResult<Error> {
        self.is_alive(pooled).await.map_err(|error| {
            tracing::debug!(%error, "a connection that rested is not used again");
            error.into()
        })
    }
}

impl Manager {
    async fn open(&self) -> Result<Pooled, Error> {
        let mut raw = PgConnection::connect_with(&self.options).await?;
        sqlx::raw_sql(UNCOMPILED).execute(&mut raw).await?;
        Ok(Pooled::new(raw))
    }

    async fn is_alive(&self, pooled: &mut Pooled) -> Result<(), Error> {
        let rest = pooled.free_since.elapsed();
        if self.silence.was_within(rest) {
            return Err(silent());
        }
        if rest > TRUSTED_REST {
            let Ok(answered) = timeout(TRIAL, pooled.raw.ping()).await else {
                self.silence.notice();
                return Err(silent());
            };
            answered?;
        }
        Ok(())
    }
}

/// Leaves out the options, which hold a password.
impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("silence", &self.silence).finish_non_exhaustive()
    }
}

impl Pooled {
    fn new(raw: PgConnection) -> Self {
        let now = Instant::now();
        Self { raw, opened_at: now, free_since: now }
    }

    pub(super) fn is_old(&self) -> bool {
        self.opened_at.elapsed() > LONGEST_LIFE
    }

    /// Tells the server that it ends.
    pub(super) async fn close(self) {
        timeout(FAREWELL, self.raw.close()).await.ok();
    }
}

/// Closes connections that nobody needs any more, for as long as the pool exists.
pub(super) async fn close_unneeded(pool: WeakPool<Manager>, in_use: TaskTracker) {
    loop {
        sleep(LOOK_INTERVAL).await;
        let Some(pool) = pool.upgrade() else { return };
        let _closing = in_use.token();
        let unneeded = pool.retain(|pooled, _| pooled.free_since.elapsed() < LONGEST_REST);
        drop(pool);
        join_all(unneeded.removed.into_iter().map(Pooled::close)).await;
    }
}

/// Whether nothing listens yet, the server is starting (57P03), or it has as many connections as it allows (53300;
/// source: PostgreSQL, appendix A).
fn may_take_others_soon(error: &Error) -> bool {
    match error {
        Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        Error::Database(error) => {
            error.code().is_some_and(|code| matches!(code.as_ref(), "57P03" | "53300"))
        }
        _ => false,
    }
}
