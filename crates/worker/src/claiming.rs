//! The claim loop: as many jobs as there are free slots, whenever there may be some.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use darkroom_core::{
    chain::chain,
    db,
    metrics::InProgress,
    queue::{self, Claimed, Claims, Lease, Round},
};
use tokio::{sync::Notify, time::timeout};

use crate::{
    backoff::{Backoff, jittered},
    drive,
    life::Life,
    slots::Slots,
};

/// How often an idle worker looks for jobs when NOTIFY cannot wake it.
const UNWOKEN_INTERVAL: Duration = Duration::from_secs(1);

/// The least wait for a resting job: one that is due already may be locked for a moment by another worker that
/// brings it into line.
const SHORTEST_REST: Duration = Duration::from_millis(10);

/// Claims for as long as the life lasts: at once when it is woken or when a full batch shows that more may wait,
/// otherwise at every claim interval and when a resting job becomes due.
pub(crate) async fn claim_jobs(life: Life, woken: Arc<Notify>) {
    let mut claimer = Claimer {
        round: life.id.into(),
        slots: Slots::new(life.worker.settings.concurrency),
        rules: Arc::new(AtomicBool::new(life.worker.max_in_flight.is_some())),
        woken,
        life,
    };
    claimer.claim_for_ever().await;
}

struct Claimer {
    life: Life,
    round: Round,
    slots: Slots<Lease>,
    /// Whether limits or pauses hold, as the last claim saw it.
    rules: Arc<AtomicBool>,
    woken: Arc<Notify>,
}

impl Claimer {
    async fn claim_for_ever(&mut self) {
        loop {
            let limit = self.slots.free().await.min(queue::MOST_CLAIMED);
            let found = match self.claim(limit).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "jobs cannot be claimed; the worker tries again");
                    self.free_unknown().await;
                    Claims::default()
                }
            };
            // Under rules, a short batch is not the end: after each claim, other jobs may be next in line.
            let more_may_wait = found.jobs.len() == limit
                || (self.rules.load(Ordering::Relaxed) && !found.jobs.is_empty());
            for job in found.jobs {
                self.life.worker.metrics.claims.inc();
                self.start(job);
            }
            if !more_may_wait {
                self.rest(found.next_ripe).await;
            } else if found.next_ripe == Some(Duration::ZERO) {
                // Jobs that have rested come into line even if it never gets empty. If that fails, the next claim
                // tries again.
                self.ripen().await;
            }
        }
    }

    /// Claims with regard to rules if the last claim saw any, and without otherwise; if that one finds that rules
    /// were set since, it claims again with regard to them.
    async fn claim(&self, limit: usize) -> Result<Claims, db::Error> {
        let worker = &self.life.worker;
        if !self.rules.load(Ordering::Relaxed) {
            let found = queue::claim(&worker.pool, self.round, limit).await?;
            if !found.has_rules || !found.jobs.is_empty() {
                self.rules.store(found.has_rules, Ordering::Relaxed);
                return Ok(found);
            }
        }
        let found =
            queue::claim_under_rules(&worker.pool, self.round, limit, worker.max_in_flight).await?;
        let holds = found.has_rules || worker.max_in_flight.is_some();
        self.rules.store(holds, Ordering::Relaxed);
        Ok(found)
    }

    /// Waits until there may be something to claim.
    async fn rest(&self, next_ripe: Option<Duration>) {
        let interval = self.interval();
        let ripe = next_ripe.map(|ripe| ripe.max(SHORTEST_REST)).filter(|ripe| *ripe < interval);
        let is_woken = self.is_woken_within(ripe.unwrap_or(interval)).await;
        // What is due already does not wait for a pause in which nobody wakes the worker.
        let is_due = !is_woken || next_ripe == Some(Duration::ZERO);
        if is_due && ripe.is_some() && !self.ripen().await {
            self.is_woken_within(jittered(UNWOKEN_INTERVAL)).await;
        }
    }

    async fn is_woken_within(&self, wait: Duration) -> bool {
        timeout(wait, self.woken.notified()).await.is_ok()
    }

    /// Brings jobs that have rested into line; false if that failed.
    async fn ripen(&self) -> bool {
        match queue::ripen(&self.life.worker.pool).await {
            // The claim that takes them will see whether more are due.
            Ok(_more) => true,
            Err(error) => {
                tracing::debug!(error = %chain(&error), "jobs that rest are not due yet");
                false
            }
        }
    }

    /// Frees the jobs that this worker may hold without knowing: a claim whose answer was lost may have taken them.
    /// Done before the next claim, so that no job of that one is freed with them.
    async fn free_unknown(&mut self) {
        let mut backoff = Backoff::patient();
        loop {
            let known = self.slots.leases();
            match queue::release_unknown(&self.life.worker.pool, self.round, &known).await {
                Ok((round, jobs)) => {
                    self.round = round;
                    if jobs > 0 {
                        tracing::warn!(jobs, "jobs that a lost answer hid are free again");
                    }
                    return;
                }
                Err(error) => {
                    tracing::debug!(error = %chain(&error), "jobs that a lost answer hid are not free yet");
                }
            }
            backoff.wait().await;
        }
    }

    /// Works on a job in a task of its own, which holds its slot until the job is settled.
    fn start(&self, job: Claimed) {
        let slot = self.slots.take(job.lease.number, job.lease);
        let (life, over) = (self.life.clone(), self.life.over.clone());
        let (rules, woken) = (Arc::clone(&self.rules), Arc::clone(&self.woken));
        let held = InProgress::begin(&life.worker.metrics.held);
        // Boxed: a future that is passed on by value takes up its memory twice.
        let work = Box::pin(drive::work_on(life, Arc::new(job)));
        tokio::spawn(async move {
            over.run_until_cancelled_owned(work).await;
            drop((slot, held));
            // Under a limit, the next job may be waiting for this one to end.
            if rules.load(Ordering::Relaxed) {
                woken.notify_one();
            }
        });
    }

    fn interval(&self) -> Duration {
        let configured = self.life.worker.settings.claim_interval;
        let notify = self.life.worker.notify;
        jittered(if notify { configured } else { configured.min(UNWOKEN_INTERVAL) })
    }
}
