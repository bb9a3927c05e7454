//! Hearing: the connection on which the database tells of changes, and whether it can be trusted.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use darkroom_core::{
    chain::chain,
    queue::{Audience, Listener},
};
use tokio::{sync::Notify, time::sleep};

use super::Hub;

/// How long the connection may be silent before it is pinged.
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
    doubted: Notify,
}

impl Hearing {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), alive_at: AtomicU64::new(0), doubted: Notify::new() }
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

    fn mark_alive(&self) {
        self.alive_at.store(self.now() + 1, Ordering::Release);
    }

    fn mark_lost(&self) {
        self.alive_at.store(0, Ordering::Release);
    }

    fn now(&self) -> u64 {
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
            Ok(mut listener) => {
                if !listener.hears(&pool).await.unwrap_or(false) {
                    tracing::warn!(
                        "changes are not heard, though the database was asked to tell of them: \
                         behind a pooler, set DATABASE_NOTIFY=false"
                    );
                    sleep(DEAF_WAIT).await;
                    continue;
                }
                if let Some(hub) = hub.upgrade() {
                    hub.doubt();
                    hub.hearing.mark_alive();
                }
                while let Some(hub) = hub.upgrade() {
                    if !hear_once(&hub, &mut listener).await {
                        break;
                    }
                }
                if let Some(hub) = hub.upgrade() {
                    hub.hearing.mark_lost();
                    hub.doubt();
                }
                tracing::debug!("the connection that tells of changes was lost");
            }
            Err(error) => tracing::debug!(error = %chain(&error), "changes cannot be heard"),
        }
        sleep(RECONNECT_WAIT).await;
    }
}

/// Hears one notification, or proves that the connection is alive; false when the connection is lost.
async fn hear_once(hub: &Arc<Hub>, listener: &mut Listener) -> bool {
    let heard = tokio::select! {
        heard = listener.heard() => heard,
        () = hub.hearing.doubted.notified() => {
            let proven = listener.prove().await;
            if let Ok(wakes) = &proven {
                for wake in wakes {
                    hub.heed(wake);
                }
                hub.hearing.mark_alive();
            }
            return proven.is_ok();
        }
    };
    match heard {
        Ok(wake) => {
            hub.heed(&wake);
            true
        }
        Err(_lost) => false,
    }
}
