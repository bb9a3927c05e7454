//! The heartbeat: one small write for all leases together, and the rescue of others' jobs.

use darkroom_core::queue::{self, Beat};
use tokio::time::{MissedTickBehavior, interval};

use crate::life::Life;

/// Beats until the database says that this worker was taken for dead. While the database is away
/// it goes on trying: what it did meanwhile is safe, because every write is fenced.
pub(crate) async fn beat_until_dead(life: &Life) {
    let settings = life.worker.settings;
    let mut beats = interval(settings.heartbeat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        match queue::beat(&life.worker.pool, life.id, settings.lease).await {
            Ok(Some(Beat { someone_is_late: false })) => {}
            Ok(Some(Beat { someone_is_late: true })) => rescue(life).await,
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, "a heartbeat was missed"),
        }
    }
}

async fn rescue(life: &Life) {
    match queue::rescue(&life.worker.pool, life.worker.settings.lease).await {
        Ok(rescued) if rescued.workers > 0 => tracing::warn!(
            workers = rescued.workers,
            jobs = rescued.jobs,
            "workers stopped beating; their jobs are free again"
        ),
        Ok(_nobody) => {}
        Err(error) => tracing::warn!(%error, "a rescue failed; the next beat tries again"),
    }
}
