//! Manager: opens the pool's connections, says which of them may still be used, and closes those that nobody needs.

use std::{fmt, time::Duration};

use deadpool::managed::{self, Metrics, RecycleResult, WeakPool};
use futures_util::future::join_all;
use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use super::{connection::silent, silence::Silence};

/// A connection that rested longer is tried before it is handed out.
const TRUSTED_REST: Duration = Duration::from_secs(2);

/// How long one that is tried has to answer before another one is opened.
const TRIAL: Duration = Duration::from_secs(1);

/// One that nobody needed for so long is closed.
const LONGEST_REST: Duration = Duration::from_mins(5);

/// How often it is looked for what nobody needed.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);

/// What a server keeps for a connection grows: an older one is closed when it is given back.
const LONGEST_LIFE: Duration = Duration::from_mins(30);

/// How long the server has to hear that a connection ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// To compile a statement takes longer than nearly any of ours runs, and PostgreSQL does so each time that it guesses that one reads much:
/// a claim, where an open transaction has kept its table from being cleared. Not said at the start of the connection, where PgBouncer
/// refuses what it does not know.
const UNCOMPILED: &str = "set jit = off";

/// How long a server that starts is left alone, at first and at most.
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
    /// Since when nobody has it.
    pub(super) free_since: Instant,
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = Error;

    /// Whoever waits for it decides how long a server that starts is waited for.
    async fn create(&self) -> Result<Pooled, Error> {
        let mut wait = FIRST_WAIT;
        loop {
            // Boxed: whoever asks for a connection holds room for this, too.
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

/// Without what the options hold: a password.
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

/// Closes what nobody needs any more, for as long as there is the pool.
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

/// Nobody listens yet, the server starts (57P03), or has as many connections as it takes (53300; source: PostgreSQL,
/// appendix A).
fn may_take_others_soon(error: &Error) -> bool {
    match error {
        Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        Error::Database(error) => {
            error.code().is_some_and(|code| matches!(code.as_ref(), "57P03" | "53300"))
        }
        _ => false,
    }
}
