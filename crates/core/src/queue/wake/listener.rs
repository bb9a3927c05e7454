//! The other end of a wake: a connection that listens.

use std::{io::ErrorKind, time::Duration};

use sqlx::postgres::{PgListener, PgNotification};
use tokio::time::timeout;

use super::{CANCELLED, DELIVERIES, ENDED, JOBS, PROGRESS, ProviderProgress, WORK};
use crate::{
    db::{Error, Pool, silent},
    job::JobId,
};

/// How long a listener waits for a connection before it gives up; its owner tries again.
const LISTEN_PATIENCE: Duration = Duration::from_secs(5);

/// How long a notification may take to arrive.
const HEARING_PATIENCE: Duration = Duration::from_secs(5);

/// Who listens; that decides on which channels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// A worker: it hears of work and deliveries, and news of jobs that it may have.
    Worker,
    /// An API: it hears of changes of jobs, and of progress at fal.
    Watchers,
}

/// Hears wakes, on a connection of its own outside of the pool.
#[derive(Debug)]
pub struct Listener {
    connection: PgListener,
    /// The connection was lost, and nobody was told yet.
    is_lost: bool,
    /// One of the channels that it listens to.
    channel: &'static str,
    ping: Duration,
}

/// What a listener heard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wake {
    /// There may be work.
    Work,
    /// There may be deliveries.
    Deliveries,
    /// fal says that this job's request has ended.
    Ended(JobId),
    /// This job's caller wants it to end.
    Cancelled(JobId),
    /// What fal says of requests.
    Progress(Vec<ProviderProgress>),
    /// These jobs changed, were made or are gone.
    Changed(Vec<JobId>),
    /// The connection was lost and made again; wakes in between were missed.
    Reconnected,
}

impl Wake {
    fn read(wake: &PgNotification) -> Self {
        if wake.channel() == PROGRESS {
            return Self::Progress(serde_json::from_str(wake.payload()).unwrap_or_default());
        }
        let mut jobs = wake.payload().split(',').filter_map(|id| id.parse().ok());
        match (wake.channel(), jobs.next()) {
            (ENDED, Some(job)) => Self::Ended(job),
            (CANCELLED, Some(job)) => Self::Cancelled(job),
            (DELIVERIES, _) => Self::Deliveries,
            (JOBS, first) => Self::Changed(first.into_iter().chain(jobs).collect()),
            // `WORK`. An unexpected payload elsewhere is no reason to stop listening, either.
            _ => Self::Work,
        }
    }
}

impl Listener {
    /// Starts to listen. Connect first and look into the queue then, so that no wake in between is missed.
    ///
    /// A connection that is silent for `ping` is asked whether it lives, and has as long to answer.
    pub async fn connect(pool: &Pool, audience: Audience, ping: Duration) -> Result<Self, Error> {
        let channels: &[&'static str] = match audience {
            Audience::Worker => &[WORK, DELIVERIES, ENDED, CANCELLED],
            Audience::Watchers => &[JOBS, PROGRESS],
        };
        let doing = "listening for wakes";
        let listen = async {
            let mut listener = PgListener::connect_with(&pool.beside()).await?;
            // Otherwise nobody would learn of the loss if the wait for wakes is given up while it connects again.
            listener.eager_reconnect(false);
            listener.listen_all(channels.iter().copied()).await?;
            Ok(listener)
        };
        let listener = timeout(LISTEN_PATIENCE, listen)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(Error::doing(doing))?;
        let channel = channels.first().copied().unwrap_or_default();
        Ok(Self { connection: listener, is_lost: false, channel, ping })
    }

    /// Waits for the next wake.
    pub async fn heard(&mut self) -> Result<Wake, Error> {
        loop {
            if self.is_lost {
                // Whatever is sent connects again, and listens.
                self.ping().await.map_err(Error::doing("listening for wakes again"))?;
                self.is_lost = false;
                return Ok(Wake::Reconnected);
            }
            // A connection that is cut without a word is as silent as one with nothing to say.
            let Ok(heard) = timeout(self.ping, self.connection.try_recv()).await else {
                self.ping().await.map_err(Error::doing("pinging for wakes"))?;
                continue;
            };
            match heard.map_err(Error::doing("listening for wakes"))? {
                Some(wake) => return Ok(Wake::read(&wake)),
                None => self.is_lost = true,
            }
        }
    }

    /// Whether notifications reach this connection at all: through a pooler in transaction mode they do not.
    /// Sends one and waits for it.
    pub async fn hears(&mut self, pool: &Pool) -> Result<bool, Error> {
        let doing = "trying whether wakes are heard";
        let channel = self.channel;
        sqlx::query!("select pg_notify($1, '')", channel)
            .execute(pool)
            .await
            .map_err(Error::doing(doing))?;
        Ok(timeout(HEARING_PATIENCE, self.connection.try_recv()).await.is_ok_and(|heard| {
            // Any notification will do.
            matches!(heard, Ok(Some(_)))
        }))
    }

    /// Makes sure that the connection lives, and answers the wakes that came before it proved so. A connection that was
    /// lost proves nothing.
    pub async fn prove(&mut self) -> Result<Vec<Wake>, Error> {
        let doing = "pinging for wakes";
        if self.is_lost {
            return Err(Error::doing(doing)(sqlx::Error::Io(ErrorKind::NotConnected.into())));
        }
        self.ping().await.map_err(Error::doing(doing))?;
        let said = std::iter::from_fn(|| self.connection.next_buffered());
        Ok(said.map(|wake| Wake::read(&wake)).collect())
    }

    async fn ping(&mut self) -> Result<(), sqlx::Error> {
        let ping = sqlx::Executor::execute(&mut self.connection, "select 1");
        match timeout(self.ping, ping).await {
            Ok(answered) => answered.map(drop),
            Err(_elapsed) => Err(silent()),
        }
    }
}
