//! The heartbeat: one small write for all leases together. Its answer says what else is due: a rescue of others'
//! jobs, wishes to cancel, jobs to end, stragglers to gather, deliveries, the probe.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    queue::{self, Beat},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{gathering::Gathering, life::Life, probing, unclaimed};

/// How soon the next beat follows one that was missed.
const MISSED: Duration = Duration::from_secs(1);

/// Beats until the database says that this worker was taken for dead. While the database is away it keeps trying:
/// what it does meanwhile is safe, because every write is fenced.
///
/// `missed` is when the database was last away.
pub(crate) async fn beat_until_dead(life: &Life, mut missed: Option<Instant>) {
    let settings = life.worker.settings;
    let mut duties = Duties { rescuing: None, gathering: Gathering::new() };
    // The database may have come back just now, and this worker may be the first that it answers.
    let mut is_first = true;
    loop {
        let beat = queue::beat(&life.worker.pool, life.id, settings.lease);
        // A connection that hangs must not stop the beats.
        let wait = match timeout(settings.heartbeat, beat).await {
            Ok(Ok(Some(beat))) => {
                // When this worker missed a beat, others probably did too: they get time to make theirs.
                let others_had_time =
                    !is_first && missed.is_none_or(|at| at.elapsed() > settings.lease);
                is_first = false;
                duties.attend(life, &beat, others_had_time);
                settings.heartbeat
            }
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                tracing::warn!(error = %chain(&error), "a heartbeat was missed");
                missed = Some(Instant::now());
                MISSED
            }
            Err(_elapsed) => {
                tracing::warn!("a heartbeat was not answered");
                missed = Some(Instant::now());
                MISSED
            }
        };
        sleep(wait).await;
    }
}

/// What the answers to beats ask for, and what was begun because of them.
struct Duties {
    rescuing: Option<JoinHandle<Option<()>>>,
    gathering: Gathering,
}

impl Duties {
    /// Begins what is due. None of it is waited for: locked rows or a slow provider must not delay the next beat.
    fn attend(&mut self, life: &Life, beat: &Beat, others_had_time: bool) {
        let is_idle = self.rescuing.as_ref().is_none_or(JoinHandle::is_finished);
        if beat.someone_is_late && others_had_time && is_idle {
            let rescue = life.over.clone().run_until_cancelled_owned(rescue(life.clone()));
            self.rescuing = Some(tokio::spawn(rescue));
        }
        beat.cancelled.iter().for_each(|job| life.notices.tell_cancelled(*job));
        if beat.jobs_are_overdue {
            tokio::spawn(unclaimed::fail_overdue(life.clone()));
        }
        if beat.cancelled_jobs_wait {
            tokio::spawn(unclaimed::end_cancelled(life.clone()));
        }
        self.gathering.look(life, beat);
        if beat.deliveries_are_due {
            life.deliveries_due.notify_one();
        }
        if beat.probe_is_due {
            let probe = probing::probe(life.clone());
            tokio::spawn(life.over.clone().run_until_cancelled_owned(probe));
        }
    }
}

async fn rescue(life: Life) {
    match queue::rescue(&life.worker.pool, life.worker.settings.lease).await {
        Ok(rescued) if rescued.workers > 0 => {
            life.worker.metrics.rescued_workers.inc_by(rescued.workers);
            life.worker.metrics.rescued_jobs.inc_by(rescued.jobs);
            tracing::warn!(
                workers = rescued.workers,
                jobs = rescued.jobs,
                deliveries = rescued.deliveries,
                "workers stopped beating; what they held is free again"
            );
        }
        Ok(_nobody) => {}
        Err(error) => {
            tracing::warn!(error = %chain(&error), "a rescue failed; the next beat tries again");
        }
    }
}
