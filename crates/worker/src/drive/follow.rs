//! Follow a submitted request to its end, and fetch its result.
//!
//! There are three ways to learn that it has ended, used together: fal's webhook, the status stream, and
//! checks. The first to tell wins. Checks never stop, because the other two may.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Error, Output, Progress, Report},
    queue::{Claimed, ProviderProgress, Submission},
};
use tokio::time::{Instant, sleep_until};

use super::{cancel, fetch::worthwhile, stream::Stream};
use crate::{
    backoff::{exponential, jittered, until_next_check},
    life::Life,
    metrics::Call,
    notices::Heard,
    outcome::{Outcome, Stop},
    probing,
};

/// How long "not found" must be the only answer before it is believed: from fal, whose servers may not all know
/// a request the moment it was accepted, and from whatever else answers in fal's place.
const BELIEVED_OF_FAL: Duration = Duration::from_mins(1);
const BELIEVED_OF_OTHERS: Duration = Duration::from_mins(8);

/// How often a request is checked while its stream is live.
const BACKSTOP: Duration = Duration::from_secs(30);

/// A request that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    /// How long it took, where fal said so on the way.
    pub(super) inference_seconds: Option<f64>,
    /// Whether the job's caller wanted to cancel it. fal was told so, unless the request ended first.
    pub(super) is_cancelled: bool,
}

/// Waits until the request has ended.
///
/// The request is paid for, so it is not given up, however long fal does not answer, unless fal does not know it
/// any more.
pub(super) async fn until_ended(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Followed, Stop> {
    if job.attempt.as_ref().is_some_and(|attempt| attempt.has_notice) {
        return Ok(Followed { inference_seconds: None, is_cancelled: job.is_cancelled });
    }
    let since = Instant::now();
    let notice = life.notices.expect(job.lease.job);
    let mut wish = Wish { is_cancelled: job.is_cancelled, is_passed_on: false };
    let mut stream = Stream::open(life, job.lease.job, submission);
    let (mut failures, mut missing, mut is_told, mut told) = (0, None, false, Told::default());
    let mut next_check = since + until_next_check(Duration::ZERO);
    loop {
        tokio::select! {
            said = stream.next() => {
                if matches!(said, Some(Progress::Running)) {
                    job.timeline.note_running();
                }
                match said {
                    Some(Progress::Ended { inference_seconds }) => {
                        return Ok(Followed { inference_seconds, is_cancelled: wish.is_cancelled });
                    }
                    // The stream tells what is new, so checks are only a backstop. No later report puts the
                    // next check off, because a stream may say the same for ever.
                    Some(_) if !is_told => {
                        (is_told, next_check) = (true, Instant::now() + jittered(BACKSTOP));
                    }
                    Some(_) => {}
                    None => (is_told, next_check) = (false, Instant::now()),
                }
                continue;
            }
            heard = notice.heard() => {
                match heard {
                    // fal signed this notice, so it is believed: the result can be fetched.
                    Heard::Ended => {
                        return Ok(Followed { inference_seconds: None, is_cancelled: wish.is_cancelled });
                    }
                    Heard::Cancelled => wish.is_cancelled = true,
                    Heard::Perhaps => {}
                }
            }
            () = sleep_until(next_check) => {}
        }
        Box::pin(wish.pass_on(life, job, submission)).await;
        let asked = Instant::now().into_std();
        // Boxed, so that thousands of jobs hold no memory for a check while they wait for the next.
        let checked = Box::pin(life.worker.fal.check(submission)).await;
        life.worker.metrics.called(Call::Check, asked, &checked);
        if let Ok(report) = &checked
            && !is_told
        {
            told.tell(life, job, report);
        }
        let error = match checked.map(|report| report.progress) {
            Ok(Progress::Ended { inference_seconds }) => {
                return Ok(Followed { inference_seconds, is_cancelled: wish.is_cancelled });
            }
            Ok(progress @ (Progress::Waiting { .. } | Progress::Running)) => {
                if progress == Progress::Running {
                    job.timeline.note_running();
                }
                (failures, missing) = (0, None);
                let quiet = if is_told { jittered(BACKSTOP) } else { Duration::ZERO };
                next_check = Instant::now() + quiet.max(until_next_check(since.elapsed()));
                continue;
            }
            Err(error) => error,
        };
        if is_lost(&error, &mut missing) {
            // Nobody saw how it ended.
            job.timeline.note_maybe_paid();
            return Err(Outcome::Retry(error.failure()).into());
        }
        if failures == 0 {
            Box::pin(probing::heed(life, &error)).await;
        }
        tracing::warn!(provider.request_id = submission.provider_request_id,
            error = %chain(&error), "a check failed; the next one follows");
        let wait = exponential(Duration::from_millis(500), Duration::from_secs(30), failures);
        next_check = Instant::now() + wait;
        failures += 1;
    }
}

/// What watchers have been told of the answers to checks.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    progress: Option<Progress>,
    /// Lines of the log.
    lines: usize,
}

impl Told {
    /// Tells watchers only what is new in an answer: thousands of requests may be checked that have nothing new.
    fn tell(&mut self, life: &Life, job: &Claimed, report: &Report) {
        let before = *self;
        *self = Self { progress: Some(report.progress), lines: report.logs.len() };
        if before.progress == self.progress && before.lines == self.lines {
            return;
        }
        let mut news = report.clone();
        news.logs.drain(..before.lines.min(news.logs.len()));
        if let Some(progress) = ProviderProgress::of(job.lease.job, &news) {
            life.teller.tell(progress);
        }
    }
}

/// The wish of a job's caller to cancel it.
#[derive(Clone, Copy, Debug)]
struct Wish {
    is_cancelled: bool,
    /// Whether fal has answered the call that cancels.
    is_passed_on: bool,
}

impl Wish {
    /// Cancels the request at fal, if the caller wants it and fal has not answered that yet. How the request ends
    /// then is seen as for any other.
    async fn pass_on(&mut self, life: &Life, job: &Claimed, submission: &Submission) {
        if !self.is_cancelled || self.is_passed_on {
            return;
        }
        match cancel::request(life, job, submission).await {
            Ok(cancellation) => {
                self.is_passed_on = true;
                tracing::info!(
                    provider.request_id = submission.provider_request_id,
                    ?cancellation,
                    "a request is cancelled"
                );
            }
            Err(error) => {
                tracing::warn!(provider.request_id = submission.provider_request_id,
                    error = %chain(&error), "a request could not be cancelled; the next check tries again");
            }
        }
    }
}

/// Whether the request is taken for lost. `missing` is since when each answer was "not found".
fn is_lost(error: &Error, missing: &mut Option<Instant>) -> bool {
    if !error.is_not_found() {
        *missing = None;
        // A request at another provider cannot be asked about at all.
        return error.is_unknown_request();
    }
    let since = *missing.get_or_insert_with(Instant::now);
    let believed = if error.is_unknown_request() { BELIEVED_OF_FAL } else { BELIEVED_OF_OTHERS };
    since.elapsed() >= believed
}

/// Fetches a request's result, and notes what that says about its cost: a request that failed costs nothing.
pub(super) async fn result(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Output, Stop> {
    let fetching = async || {
        let fetched = life.worker.fal.result(submission).await;
        match &fetched {
            Err(error) if error.is_of_the_request() => job.timeline.note_free(),
            Ok(_) | Err(_) => job.timeline.note_maybe_paid(),
        }
        fetched
    };
    worthwhile(life, submission, Call::Result, fetching).await
}
