//! Cancel: stop a request at the provider, as far as it has not ended.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use darkroom_core::{
    chain::chain,
    fal::{Cancellation, Error},
    queue::{Claimed, Submission},
};

use crate::{
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
};

/// Cancels a request at the provider, and notes what the answer says about its cost.
pub(super) async fn request(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Cancellation, Error> {
    let asked = Instant::now();
    let answer = life.worker.fal.cancel(submission).await;
    life.worker.metrics.called(Call::Cancel, asked, &answer);
    match &answer {
        Ok(Cancellation::Removed) => job.timeline.note_free(),
        // How the request ends, or has ended, is not seen here: it may be paid for.
        Ok(_) | Err(_) => job.timeline.note_maybe_paid(),
    }
    answer
}

/// Whether a job's caller has cancelled it, and what the provider answered to that.
///
/// It outlives the step in which the caller is heard: each later end of the job has regard to it.
#[derive(Debug)]
pub(super) struct Cancelling {
    is_wanted: AtomicBool,
    answer: OnceLock<Cancellation>,
}

impl Cancelling {
    /// As the claim saw it.
    pub(super) fn of(job: &Claimed) -> Self {
        Self { is_wanted: AtomicBool::new(job.is_cancelled), answer: OnceLock::new() }
    }

    /// The caller was heard.
    pub(super) fn want(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    /// Whether the caller wants the job to end.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// Whether the provider has still to be told.
    pub(super) fn is_due(&self) -> bool {
        self.is_wanted() && self.answer.get().is_none()
    }

    /// Whether the provider took the request out of its queue: it never starts, and costs nothing.
    pub(super) fn is_removed(&self) -> bool {
        self.answer.get() == Some(&Cancellation::Removed)
    }

    /// Cancels the request at the provider, if that is due. How the request ends then is seen as for any other.
    pub(super) async fn pass_on(&self, life: &Life, job: &Claimed, submission: &Submission) {
        if !self.is_due() {
            return;
        }
        let request_id = &submission.provider_request_id;
        match request(life, job, submission).await {
            Ok(answer) => {
                tracing::info!(provider.request_id = request_id, ?answer, "a request is cancelled");
                // Not all of fal's servers may know a request at once, so it is said again.
                if answer != Cancellation::Unknown {
                    self.answer.get_or_init(|| answer);
                }
            }
            Err(error) => {
                tracing::warn!(provider.request_id = request_id, error = %chain(&error),
                    "a request could not be cancelled; the next check tries again");
            }
        }
    }

    /// What stops the work on the job: one that its caller cancelled, and that has no result, is cancelled and does not
    /// fail.
    pub(super) fn heed(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Outcome(Outcome::Fail(_) | Outcome::Retry(_)) if self.is_wanted() => {
                Outcome::Cancel.into()
            }
            stop => stop,
        }
    }
}
