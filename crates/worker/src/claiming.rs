//! The claim loop: as many jobs as there are free slots, whenever there may be some.

use std::{sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    queue::{self, Claimed},
};
use tokio::{sync::Notify, time::sleep};

use crate::{
    backoff::{exponential, jittered},
    drive,
    life::Life,
    slots::Slots,
};

/// How often an idle worker looks when nothing can wake it.
const UNWOKEN_INTERVAL: Duration = Duration::from_secs(1);

/// Claims until the life is over. Looks at once when woken or when a full batch says that more
/// may wait, and by itself at every claim interval.
pub(crate) async fn claim_jobs(life: Life, woken: Arc<Notify>) {
    let slots = Slots::new(life.worker.settings.concurrency);
    let over = life.over.clone();
    let claiming = async {
        loop {
            let limit = slots.free().await;
            let claimed = match queue::claim(&life.worker.pool, life.id, limit).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "jobs cannot be claimed; the worker tries again");
                    free_unknown(&life, &slots).await;
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

/// A claim whose answer was lost may have taken jobs that this worker knows nothing of. Before the
/// next claim, so that none of that one's is among them.
async fn free_unknown(life: &Life, slots: &Slots) {
    for failures in 0.. {
        match queue::release_unknown(&life.worker.pool, life.id, &slots.jobs()).await {
            Ok(0) => return,
            Ok(jobs) => {
                tracing::warn!(jobs, "jobs that a lost answer hid are free again");
                return;
            }
            Err(error) => {
                tracing::debug!(error = %chain(&error), "jobs that a lost answer hid are not free yet");
            }
        }
        sleep(exponential(Duration::from_millis(500), Duration::from_secs(10), failures)).await;
    }
}

/// Works on a job in a task of its own, which holds its slot until the job is settled.
fn start(life: &Life, slots: &Slots, job: Claimed) {
    let slot = slots.take(job.lease.job);
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
