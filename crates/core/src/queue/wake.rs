//! Wake-ups: NOTIFY as a hint that there is work. Losing one costs a claim interval, never a job.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::db::{Error, Pool};

/// The channel that workers listen on.
const CHANNEL: &str = "darkroom_queue";

/// NOTIFY takes a lock that all commits of the server share: however many jobs are enqueued, one
/// process asks for it no more often than this.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(5);

/// Longest wait for a connection before a listener gives up and comes again.
const LISTEN_PATIENCE: Duration = Duration::from_secs(5);

/// Tells workers that there is work. Many wakes at once are sent as one.
#[derive(Clone, Debug)]
pub struct Waker(mpsc::Sender<()>);

impl Waker {
    /// A waker that sends through `pool`. Must be called in a tokio runtime; its task ends with the
    /// last clone.
    pub fn new(pool: Pool) -> Self {
        let (sender, asked) = mpsc::channel(1);
        tokio::spawn(send_wakes(pool, asked));
        Self(sender)
    }

    /// Asks for a wake and does not wait for it. Call it after the commit: before, there is nothing
    /// to see.
    pub fn wake(&self) {
        // Full means that a wake is on its way already.
        self.0.try_send(()).ok();
    }
}

async fn send_wakes(pool: Pool, mut asked: mpsc::Receiver<()>) {
    while asked.recv().await.is_some() {
        hint(&pool).await;
        sleep(NOTIFY_INTERVAL).await;
    }
}

/// Wakes workers now. It is a hint: that it is not sent is no error.
pub(super) async fn hint(pool: &Pool) {
    if let Err(error) = sqlx::query!("select pg_notify($1, '')", CHANNEL).execute(pool).await {
        tracing::debug!(%error, "a wake was not sent; workers look by themselves");
    }
}

/// Hears wakes, on a connection of its own.
#[derive(Debug)]
pub struct Listener(PgListener);

/// What a listener heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wake {
    /// There may be work.
    Work,
    /// The connection was lost and made again; wakes in between were missed.
    Reconnected,
}

impl Listener {
    /// Starts to listen. Register interest first and look into the queue then: a wake in between is
    /// not missed.
    pub async fn connect(pool: &Pool) -> Result<Self, Error> {
        let doing = "listening for wakes";
        let listen = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        let listener = timeout(LISTEN_PATIENCE, listen)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(Error::doing(doing))?;
        Ok(Self(listener))
    }

    /// Waits for the next wake.
    pub async fn heard(&mut self) -> Result<Wake, Error> {
        match self.0.try_recv().await.map_err(Error::doing("listening for wakes"))? {
            Some(_) => Ok(Wake::Work),
            None => Ok(Wake::Reconnected),
        }
    }
}
