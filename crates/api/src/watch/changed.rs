//! Reads jobs that changed, and tells those that watch them or follow all jobs.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Weak},
};

use darkroom_core::{chain::chain, job::JobId};
use tokio::{sync::mpsc, time::sleep};

use super::{
    BATCH, Hub, News, Reading, Snapshot, UNHEARD_INTERVAL,
    read::{Answer, read},
};

/// Reads jobs that changed, many in one statement, and tells their watchers.
pub(super) async fn read_all(hub: Weak<Hub>, mut to_read: mpsc::Receiver<JobId>) {
    let mut batch = Vec::new();
    while to_read.recv_many(&mut batch, BATCH).await > 0 {
        let Some(hub) = hub.upgrade() else { return };
        let jobs: HashSet<JobId> = batch.drain(..).collect();
        let unread = hub.read_changed(jobs.into_iter().collect()).await;
        if !unread.is_empty() {
            sleep(UNHEARD_INTERVAL).await;
            hub.read_again(unread);
        }
    }
}

impl Hub {
    /// Reads these jobs and tells of them. Returns those that are to be read again: the database was away.
    async fn read_changed(&self, jobs: Vec<JobId>) -> Vec<JobId> {
        let readings: Vec<Reading> = {
            let mut known = self.known();
            jobs.iter().map(|job| known.begin(*job)).collect()
        };
        let mut answers = self.answers(&jobs).await;
        let (mut unread, mut told, mut away) = (Vec::new(), Vec::new(), None);
        for (job, reading) in jobs.into_iter().zip(readings) {
            match answers.remove(&job) {
                Some(Ok(snapshot)) => {
                    self.keep(job, reading, snapshot.clone());
                    told.extend(snapshot);
                }
                Some(Err(error)) if error.is_unavailable() => {
                    unread.push(job);
                    away = Some(error);
                }
                Some(Err(error)) => {
                    tracing::error!(job.id = %job, error = %chain(&error), "a changed job cannot be read");
                    self.known().give_up(job);
                }
                // There is an answer for each job.
                None => {}
            }
        }
        if let Some(error) = away {
            tracing::debug!(error = %chain(&error), "watched jobs could not be read");
        }
        self.tell_followers(told);
        unread
    }

    async fn answers(&self, jobs: &[JobId]) -> HashMap<JobId, Answer> {
        match self.pool.acquire_for("reading changed jobs").await {
            Ok(mut connection) => read(&mut connection, jobs).await,
            Err(error) => jobs.iter().map(|job| (*job, Err(error.clone()))).collect(),
        }
    }

    /// Tells those that follow all jobs, in the order in which the changes happened.
    fn tell_followers(&self, mut told: Vec<Arc<Snapshot>>) {
        told.sort_unstable_by_key(|snapshot| snapshot.revision());
        for snapshot in told {
            // It fails when nobody follows.
            self.feed.send(News::Job(snapshot)).ok();
        }
    }
}
