//! Announcement: workers and watchers are notified of new jobs, by the commit that makes them or after it.

use crate::{
    job::{Job, JobId},
    queue::{NotifySlot, Waker},
};

/// How jobs that are being made will be made known. If it is dropped before they are, nobody is told.
#[derive(Debug)]
pub(super) struct Announcement<'a> {
    waker: &'a Waker,
    /// Held where their commit tells of them.
    slot: Option<NotifySlot>,
}

impl<'a> Announcement<'a> {
    /// A commit that takes long must not notify: NOTIFY's lock would be held meanwhile.
    pub(super) fn new(waker: &'a Waker, commit_is_short: bool) -> Self {
        let slot = if commit_is_short { waker.notify_slot() } else { None };
        Self { waker, slot }
    }

    /// Whether the commit is to tell of the jobs.
    pub(super) fn is_in_commit(&self) -> bool {
        self.slot.is_some()
    }

    /// Tells of the jobs, which are committed, unless their commit did.
    pub(super) fn made(self, jobs: &[Job]) {
        if self.is_in_commit() {
            return;
        }
        if jobs.iter().any(|job| !job.cached) {
            self.waker.wake();
        }
        let jobs: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        self.waker.made(&jobs);
    }
}
