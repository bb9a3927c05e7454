//! The jobs in memory: they answer reads for as long as no change of them is heard.

use std::{collections::HashMap, sync::Arc};

use darkroom_core::job::JobId;
use tokio::sync::watch;

use super::snapshot::Snapshot;

/// How many bytes of jobs are kept to answer polls. Beyond that, all jobs that nobody watches are forgotten.
const MOST_BYTES: usize = 48 * 1024 * 1024;

/// What a watcher is told.
#[derive(Clone, Debug, Default)]
pub(crate) enum Told {
    /// Nothing yet.
    #[default]
    Nothing,
    /// There is no such job, or it was deleted.
    Gone,
    /// The job's current state.
    Job(Arc<Snapshot>),
}

/// A read that begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The entry's stamp when the read began: the result is valid only while the entry still has it.
    stamp: u64,
    /// Greater than the number of every read that began before.
    number: u64,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    jobs: HashMap<JobId, Entry>,
    last: u64,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Entry {
    /// Gets a new value when a change of the job is heard.
    stamp: u64,
    /// The number of the read whose result is kept.
    reading: u64,
    snapshot: Option<Arc<Snapshot>>,
    watchers: Option<watch::Sender<Told>>,
}

impl Entry {
    fn is_watched(&self) -> bool {
        self.watchers.as_ref().is_some_and(|watchers| watchers.receiver_count() > 0)
    }
}

impl Known {
    /// The job's current state; `None` where it has to be read.
    pub(super) fn get(&self, job: JobId) -> Option<Arc<Snapshot>> {
        self.jobs.get(&job)?.snapshot.clone()
    }

    /// To be called before a job is read.
    pub(super) fn begin(&mut self, job: JobId) -> Reading {
        let stamp = self.entry(job).stamp;
        Reading { stamp, number: self.last }
    }

    /// To be called when a job could not be read.
    pub(super) fn give_up(&mut self, job: JobId) {
        if self.jobs.get(&job).is_some_and(|entry| !entry.is_watched() && entry.snapshot.is_none())
        {
            self.jobs.remove(&job);
        }
    }

    /// The job's entry. A new one has a stamp that none had before, so that what was read for an earlier entry is not
    /// kept in it.
    fn entry(&mut self, job: JobId) -> &mut Entry {
        self.last += 1;
        let stamp = self.last;
        self.jobs.entry(job).or_insert_with(|| Entry { stamp, ..Entry::default() })
    }

    /// Keeps what was read, and tells watchers. Not if a change of the job was heard since the read began (the job will
    /// be read again), or if the result of a later read is kept already.
    pub(super) fn keep(&mut self, job: JobId, reading: Reading, read: Option<Arc<Snapshot>>) {
        let Some(entry) = self
            .jobs
            .get_mut(&job)
            .filter(|entry| entry.stamp == reading.stamp && entry.reading < reading.number)
        else {
            return;
        };
        entry.reading = reading.number;
        if let Some(watchers) = entry.watchers.as_ref().filter(|_| entry.is_watched()) {
            watchers.send_replace(read.clone().map_or(Told::Gone, Told::Job));
        }
        let before = entry.snapshot.take().map_or(0, |snapshot| snapshot.weight());
        self.bytes = self.bytes.saturating_sub(before);
        match read {
            Some(snapshot) => {
                self.bytes += snapshot.weight();
                entry.snapshot = Some(snapshot);
                if self.bytes > MOST_BYTES {
                    self.forget_unwatched();
                }
            }
            None if !entry.is_watched() => {
                self.jobs.remove(&job);
            }
            None => {}
        }
    }

    /// Forgets what was read of a job, because it changed. True where somebody watches it.
    pub(super) fn change(&mut self, job: JobId) -> bool {
        self.last += 1;
        let Some(entry) = self.jobs.get_mut(&job) else { return false };
        entry.stamp = self.last;
        if let Some(snapshot) = entry.snapshot.take() {
            self.bytes = self.bytes.saturating_sub(snapshot.weight());
        }
        let is_watched = entry.is_watched();
        if !is_watched {
            self.jobs.remove(&job);
        }
        is_watched
    }

    /// Forgets what was read of all jobs, because any of them may have changed. Returns those that are watched.
    pub(super) fn doubt(&mut self) -> Vec<JobId> {
        self.forget_unwatched();
        self.last += 1;
        self.bytes = 0;
        for entry in self.jobs.values_mut() {
            entry.stamp = self.last;
            entry.snapshot = None;
        }
        self.jobs.keys().copied().collect()
    }

    /// Jobs that somebody watches.
    pub(super) fn watched(&self) -> Vec<JobId> {
        let watched = self.jobs.iter().filter(|(_, entry)| entry.is_watched());
        watched.map(|(job, _)| *job).collect()
    }

    /// Watches a job. With `true`, the receiver has its current state already; with `false`, the job has to be read.
    pub(super) fn watch(&mut self, job: JobId) -> (watch::Receiver<Told>, bool) {
        let entry = self.entry(job);
        let is_known = entry.snapshot.is_some();
        let mut receiver = match &entry.watchers {
            Some(watchers) if watchers.receiver_count() > 0 => watchers.subscribe(),
            _ => {
                let known = entry.snapshot.clone();
                let (watchers, receiver) = watch::channel(known.map_or(Told::Nothing, Told::Job));
                entry.watchers = Some(watchers);
                receiver
            }
        };
        if is_known {
            // It may be newer than what the watcher has read.
            receiver.mark_changed();
        }
        (receiver, is_known)
    }

    /// Has a job's watchers look again at what is known of it. Not while it is being read: then they will anyway, and
    /// what they were told last may be older than what they have.
    pub(super) fn nudge(&self, job: JobId) {
        let entry = self.jobs.get(&job).filter(|entry| entry.snapshot.is_some());
        if let Some(watchers) = entry.and_then(|entry| entry.watchers.as_ref()) {
            watchers.send_modify(|_told| {});
        }
    }

    /// Forgets all jobs that nobody watches. Results of reads under way are then not kept, because their entry is gone.
    fn forget_unwatched(&mut self) {
        self.jobs.retain(|_, entry| entry.is_watched());
        let weights = self.jobs.values().filter_map(|entry| entry.snapshot.as_ref());
        self.bytes = weights.map(|snapshot| snapshot.weight()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_later_is_not_replaced_by_what_was_read_before() {
        let mut known = Known::default();
        let job = JobId::generate();
        let (mut told, _is_known) = known.watch(job);
        let slow = known.begin(job);
        let fast = known.begin(job);

        known.keep(job, fast, None);
        assert!(told.has_changed().unwrap());
        told.mark_unchanged();
        known.keep(job, slow, None);

        assert!(!told.has_changed().unwrap());
    }
}
