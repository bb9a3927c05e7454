//! Follow a submitted request to its end.
//!
//! There are three ways to learn that it has ended, used together: fal's webhook, the status stream, and
//! checks. The first to tell wins. Checks never stop, because the other two may.

mod checks;
mod told;

use darkroom_core::{
    chain::chain,
    fal::Progress,
    queue::{Claimed, Submission},
};
use tokio::time::{Instant, sleep_until};

use self::{checks::Checks, told::Told};
use super::{cancel::Cancelling, stream::Stream};
use crate::{
    life::Life,
    metrics::Call,
    notices::Heard,
    outcome::{Outcome, Stop},
    probing,
};

/// A request that has ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Followed {
    /// How long it took, where fal said so on the way.
    pub(super) inference_seconds: Option<f64>,
}

/// Waits until the request has ended. If the job's caller cancels it meanwhile, fal is told so.
///
/// The request is paid for, so it is not given up, however long fal does not answer, unless fal does not know it
/// any more.
pub(super) async fn until_ended(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
    cancelling: &Cancelling,
) -> Result<Followed, Stop> {
    if job.attempt.as_ref().is_some_and(|attempt| attempt.has_notice) {
        return Ok(Followed::default());
    }
    let notice = life.notices.expect(job.lease.job);
    let mut stream = Stream::open(life, job.lease.job, submission);
    let (mut checks, mut told) = (Checks::begin(), Told::default());
    loop {
        tokio::select! {
            said = stream.next() => {
                match said {
                    Some(Progress::Ended { inference_seconds }) => {
                        return Ok(Followed { inference_seconds });
                    }
                    Some(progress) => {
                        note(job, progress);
                        checks.stream_says(cancelling.is_due());
                    }
                    None => checks.stream_ended(),
                }
                continue;
            }
            heard = notice.heard() => match heard {
                // fal signed this notice, so it is believed: the result can be fetched.
                Heard::Ended => return Ok(Followed::default()),
                Heard::Cancelled => cancelling.want(),
                Heard::Perhaps => {
                    checks.may_have_missed();
                    continue;
                }
            },
            () = sleep_until(checks.next) => {}
        }
        Box::pin(cancelling.pass_on(life, job, submission)).await;
        let asked = Instant::now().into_std();
        // Boxed, so that thousands of jobs hold no memory for a check while they wait for the next.
        let checked = Box::pin(life.worker.fal.check(submission)).await;
        life.worker.metrics.called(Call::Check, asked, &checked);
        if let Ok(report) = &checked
            && !checks.has_stream
        {
            told.tell(life, job, report);
        }
        let error = match checked.map(|report| report.progress) {
            Ok(Progress::Ended { inference_seconds }) => return Ok(Followed { inference_seconds }),
            Ok(progress) => {
                note(job, progress);
                checks.goes_on(cancelling.is_due());
                continue;
            }
            Err(error) => error,
        };
        if checks.is_lost(&error) {
            // Nobody saw how it ended, unless it never began.
            if !cancelling.is_removed() {
                job.timeline.note_maybe_paid();
            }
            return Err(Outcome::Retry(error.failure()).into());
        }
        if checks.failed(&error) {
            Box::pin(probing::heed(life, &error)).await;
        }
        tracing::warn!(provider.request_id = submission.provider_request_id,
            error = %chain(&error), "a check failed; the next one follows");
    }
}

fn note(job: &Claimed, progress: Progress) {
    if progress == Progress::Running {
        job.timeline.note_running();
    }
}
