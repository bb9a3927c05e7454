//! The claim loop: as many jobs as there are free slots, whenever there may be some.

use std::{sync::Arc, time::Duration};

use darkroom_core::queue::{self, Claimed};
use tokio::{
    sync::{Notify, Semaphore},
    time::sleep,
};

use crate::{backoff::jittered, drive, life::Life};

/// How often an idle worker looks when nothing can wake it.
const UNWOKEN_INTERVAL: Duration = Duration::from_secs(1);

/// Claims until the life is over. Looks at once when woken or when a full batch says that more
/// may wait, and by itself at every claim interval.
pub(crate) async fn claim_jobs(life: Life, woken: Arc<Notify>) {
    let slots = Arc::new(Semaphore::new(life.worker.settings.concurrency));
    let over = life.over.clone();
    let claiming = async {
        loop {
            // One slot is waited for; the rest of the batch is whatever is free beside it.
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                return;
            };
            let limit = 1 + slots.available_permits();
            drop(slot);
            let claimed = match queue::claim(&life.worker.pool, life.id, limit).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(%error, "jobs cannot be claimed; the worker tries again");
                    Vec::new()
                }
            };
            let more_may_wait = claimed.len() == limit;
            for job in claimed {
                start(&life, &slots, job);
            }
            if !more_may_wait {
                tokio::select! {
                    () = woken.notified() => {}
                    () = sleep(interval(&life)) => {}
                }
            }
        }
    };
    over.run_until_cancelled(claiming).await;
}

/// Works on a job in a task of its own, which holds its slot until the job is settled.
fn start(life: &Life, slots: &Arc<Semaphore>, job: Claimed) {
    // This loop is the only one that takes slots, so those that it counted are still free.
    let slot = Arc::clone(slots).try_acquire_owned();
    let (life, over) = (life.clone(), life.over.clone());
    tokio::spawn(async move {
        over.run_until_cancelled_owned(drive::work_on(life, job)).await;
        drop(slot);
    });
}

fn interval(life: &Life) -> Duration {
    let configured = life.worker.settings.claim_interval;
    jittered(if life.worker.notify { configured } else { configured.min(UNWOKEN_INTERVAL) })
}
