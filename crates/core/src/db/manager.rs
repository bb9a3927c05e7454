//! Manager: opens the pool's connections, says which of them may still be used, and closes those that nobody needs.

use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleResult, WeakPool};
use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use super::{connection::silent, silence::Silence};

/// A connection that rested longer is tried before it is handed out.
const TRUSTED_REST: Duration = Duration::from_secs(2);

/// How long one that is tried has to answer before another one is opened.
const TRIAL: Duration = Duration::from_secs(1);

/// One that nobody needed for so long is closed.
const LONGEST_REST: Duration = Duration::from_mins(5);

/// What a server keeps for a connection grows: an older one is closed where nobody has it.
const LONGEST_LIFE: Duration = Duration::from_mins(30);

/// How often it is looked for those.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);

/// How long the server has to hear that a connection ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a server that starts is left alone, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Opens connections.
#[derive(Debug)]
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
            match Box::pin(PgConnection::connect_with(&self.options)).await {
                Ok(raw) => return Ok(Pooled::new(raw)),
                Err(error) if may_take_others_soon(&error) => {
                    sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn recycle(&self, pooled: &mut Pooled, _: &Metrics) -> RecycleResult<Error> {
        let rest = pooled.free_since.elapsed();
        if self.silence.was_within(rest) {
            return Err(silent().into());
        }
        if rest > TRUSTED_REST {
            let Ok(answered) = timeout(TRIAL, pooled.raw.ping()).await else {
                self.silence.notice();
                return Err(silent().into());
            };
            answered?;
        }
        Ok(())
    }
}

impl Pooled {
    fn new(raw: PgConnection) -> Self {
        let now = Instant::now();
        Self { raw, opened_at: now, free_since: now }
    }

    /// Neither old, nor at rest for long.
    fn is_needed(&self) -> bool {
        self.free_since.elapsed() < LONGEST_REST && self.opened_at.elapsed() < LONGEST_LIFE
    }

    /// Tells the server that it ends.
    pub(super) async fn close(self) {
        timeout(FAREWELL, self.raw.close()).await.ok();
    }
}

/// Closes what nobody needs any more, for as long as there is the pool.
pub(super) async fn close_unneeded(pool: WeakPool<Manager>) {
    loop {
        sleep(LOOK_INTERVAL).await;
        let Some(pool) = pool.upgrade() else { return };
        let unneeded = pool.retain(|pooled, _| pooled.is_needed());
        drop(pool);
        for pooled in unneeded.removed {
            pooled.close().await;
        }
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
