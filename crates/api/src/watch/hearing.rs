//! Hearing: the connection on which the database tells of changes, and whether it can be trusted.

use std::{
    sync::{
        Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use darkroom_core::{
    chain::chain,
    queue::{Audience, Listener, Wake},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};

use super::Hub;

/// How often the connection has to prove that it lives, at least: all that changed since the last proof is looked for
/// when it is lost.
const PING: Duration = Duration::from_secs(15);

/// How long the connection is trusted after it last answered. If it was cut without a word, changes may go unheard for
/// this long.
const TRUST: Duration = Duration::from_secs(1);

const RECONNECT_WAIT: Duration = Duration::from_millis(500);

/// How long to wait before trying again when a connection does not hear its own test notification.
const DEAF_WAIT: Duration = Duration::from_mins(1);

/// Whether the connection lives, and so whether what is in memory can be trusted.
#[derive(Debug)]
pub(super) struct Hearing {
    began: Instant,
    /// When the connection last proved to be alive, in milliseconds since `began`, plus one; 0 while there is no
    /// connection.
    alive_at: AtomicU64,
    /// All changes until then were heard or found, in milliseconds since `began`.
    heard_until: AtomicU64,
    doubted: Notify,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            alive_at: AtomicU64::new(0),
            heard_until: AtomicU64::new(0),
            doubted: Notify::new(),
        }
    }

    /// Whether every change is surely heard. When the last proof of life gets old, this call requests a new one for
    /// later calls.
    pub(super) fn is_sure(&self) -> bool {
        let alive_at = self.alive_at.load(Ordering::Acquire);
        if alive_at == 0 {
            return false;
        }
        let now = self.now();
        // Requested early, so that frequent callers never find it too old.
        if now >= alive_at + millis(TRUST) / 2 {
            self.doubted.notify_one();
        }
        now < alive_at + millis(TRUST)
    }

    /// Whether there is a connection, as far as this process knows.
    pub(super) fn is_there(&self) -> bool {
        self.alive_at.load(Ordering::Acquire) > 0
    }

    /// For how long changes may have gone unheard.
    pub(super) fn unheard_for(&self) -> Duration {
        let until = self.heard_until.load(Ordering::Acquire);
        Duration::from_millis(self.now().saturating_sub(until))
    }

    /// To be called when all changes until then were heard or found.
    pub(super) fn mark_heard(&self, until: u64) {
        self.heard_until.fetch_max(until, Ordering::AcqRel);
    }

    fn mark_alive(&self) {
        self.alive_at.store(self.now() + 1, Ordering::Release);
    }

    /// When the connection has to prove again that it is alive.
    fn next_proof(&self) -> Instant {
        self.began + Duration::from_millis(self.alive_at.load(Ordering::Acquire)) + PING
    }

    fn mark_lost(&self) {
        self.alive_at.store(0, Ordering::Release);
    }

    /// The time, in milliseconds since it began.
    pub(super) fn now(&self) -> u64 {
        millis(self.began.elapsed())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Listens for changes for as long as the hub exists.
pub(super) async fn hear(hub: Weak<Hub>) {
    loop {
        let Some(pool) = hub.upgrade().map(|hub| hub.pool.clone()) else { return };
        match Listener::connect(&pool, Audience::Watchers, PING).await {
            Ok(mut listener) => match listener.hears(&pool).await {
                Ok(true) => hear_all(&hub, &mut listener).await,
                Ok(false) => {
                    tracing::warn!(
                        "changes are not heard, though the database was asked to tell of them: \
                         behind a pooler, set DATABASE_NOTIFY=false"
                    );
                    sleep(DEAF_WAIT).await;
                }
                Err(error) => {
                    tracing::debug!(error = %chain(&error), "changes cannot be asked for");
                }
            },
            Err(error) => tracing::debug!(error = %chain(&error), "changes cannot be heard"),
        }
        sleep(RECONNECT_WAIT).await;
    }
}

/// Hears what a new connection tells of, until it is lost.
async fn hear_all(hub: &Weak<Hub>, listener: &mut Listener) {
    if let Some(hub) = hub.upgrade() {
        // What changed before is told first: a client that comes back with its last event is sent only what is newer.
        if !hub.read_unheard_of().await {
            return;
        }
        hub.doubt();
        hub.hearing.mark_alive();
    }
    while let Some(hub) = hub.upgrade() {
        if !hear_once(&hub, listener).await {
            hub.hearing.mark_lost();
            hub.doubt();
            tracing::debug!("the connection that tells of changes was lost");
            return;
        }
    }
}

/// Hears one notification, or proves that the connection is alive; false when the connection is lost.
async fn hear_once(hub: &Hub, listener: &mut Listener) -> bool {
    let heard = tokio::select! {
        heard = listener.heard() => heard,
        _ = timeout_at(hub.hearing.next_proof(), hub.hearing.doubted.notified()) => {
            return prove(hub, listener).await;
        }
    };
    match heard {
        // What changed before it was made again is to be told first.
        Ok(Wake::Reconnected) | Err(_) => false,
        Ok(wake) => {
            hub.heed(&wake);
            true
        }
    }
}

/// Proves that the connection is alive, and that all changes until then are heard; false when it is lost.
async fn prove(hub: &Hub, listener: &mut Listener) -> bool {
    let began = hub.hearing.now();
    let Ok(wakes) = listener.prove().await else { return false };
    for wake in &wakes {
        hub.heed(wake);
    }
    // What changed after it began may not be heard yet.
    hub.hearing.mark_heard(began);
    hub.hearing.mark_alive();
    true
}
