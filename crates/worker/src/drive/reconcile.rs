//! Reconcile: find out whether the provider has a submission whose answer was never recorded. Until
//! it is found, or was looked for long enough, nothing else is submitted for the job.

use std::time::{Duration, Instant};

use darkroom_core::{
    chain::chain,
    config::UnknownSubmission,
    queue::{self, Claimed, FailureClass, OpenAttempt, Submission},
};

use super::{deadline::Deadline, submit};
use crate::{
    backoff::{jittered, while_away},
    life::Life,
    metrics::{Call, Settled},
    outcome::{Outcome, Stop},
};

/// How far the provider's clock may be behind the database's.
const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// The waits between searches: the provider may list a request only once it has ended, so it is looked for again,
/// less and less often.
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_mins(1);

/// How long the request of a job that is over is looked for, from then on, whether or not the provider answers: what is
/// found can be stopped, or kept if it has ended.
const LAST_CHANCE: Duration = Duration::from_mins(1);

/// What came of a search.
#[derive(Debug)]
enum Searched {
    Found(Box<Submission>),
    /// The provider does not list the request.
    InVain,
    /// The provider did not answer.
    Unanswered,
    /// Another search is under way.
    NotYet,
}

/// Finds the attempt's request at the provider. Returns `None` if it was given up: the job then goes on to
/// another attempt, or ends because it was cancelled or its deadline has passed.
pub(super) async fn find(
    life: &Life,
    job: &Claimed,
    attempt: &OpenAttempt,
    deadline: &Deadline,
) -> Result<Option<Submission>, Stop> {
    let searched = search(life, job, attempt).await;
    if let Searched::Found(submission) = searched {
        tracing::info!(job.id = %job.lease.job, job.attempt = attempt.number,
            provider.request_id = submission.provider_request_id,
            "a submission whose answer was lost is found");
        submit::record(life, job, attempt.number, &submission).await?;
        return Ok(Some(*submission));
    }
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let patience = life.worker.jobs.unknown_patience;
    let (waited, patience) = match (is_over(job, deadline), &searched) {
        (true, Searched::NotYet) => (queue::over_for(pool, lease).await?, patience),
        (true, _) => (queue::over_for(pool, lease).await?, patience.min(LAST_CHANCE)),
        // Counted from the first search that was answered: while the provider was away, nothing was searched.
        (false, Searched::InVain) => (queue::miss_attempt(pool, lease).await?, patience),
        (false, _) => (Duration::ZERO, Duration::MAX),
    };
    let left = patience.saturating_sub(waited);
    if left.is_zero() {
        return give_up(life, job, attempt, deadline).await;
    }
    let wait = match searched {
        // The job waits without its slot, which others can use, and is due as soon as the provider tells of its
        // request.
        Searched::NotYet => while_away(),
        Searched::Unanswered => jittered(LATEST),
        _ => jittered((waited / 2).clamp(SOONEST, LATEST)),
    };
    rest(life, job, wait.min(left)).await
}

/// Whether no other attempt is made for the job.
fn is_over(job: &Claimed, deadline: &Deadline) -> bool {
    job.is_cancelled || deadline.has_passed()
}

/// Lets the job rest, unless the provider has told of its request meanwhile. That, and a cancellation, wakes only jobs
/// that rest already.
async fn rest(life: &Life, job: &Claimed, wait: Duration) -> Result<Option<Submission>, Stop> {
    let heard = queue::heard_meanwhile(&life.worker.pool, &job.lease).await?;
    if heard.answer.is_some() {
        return Ok(heard.answer);
    }
    let is_news = heard.is_cancelled && !job.is_cancelled;
    Err(Outcome::Snooze(if is_news { Duration::ZERO } else { wait }).into())
}

/// Searches the provider's list of requests.
async fn search(life: &Life, job: &Claimed, attempt: &OpenAttempt) -> Searched {
    let Ok(_searching) = life.worker.searching.try_acquire() else {
        return Searched::NotYet;
    };
    let since = attempt.began_at - CLOCK_SKEW;
    let asked = Instant::now();
    let found = life.worker.fal.find_request(&job.model, &attempt.input_url, since).await;
    life.worker.metrics.called(Call::Search, asked, &found);
    match found {
        Ok(Some(submission)) => Searched::Found(Box::new(submission)),
        Ok(None) => Searched::InVain,
        Err(error) => {
            tracing::warn!(job.id = %job.lease.job, error = %chain(&error),
                "a submission whose answer was lost could not be looked for");
            Searched::Unanswered
        }
    }
}

/// Closes the attempt as `unknown`: it may be paid for and lost. If the provider has told of its request just now,
/// returns that instead.
async fn give_up(
    life: &Life,
    job: &Claimed,
    attempt: &OpenAttempt,
    deadline: &Deadline,
) -> Result<Option<Submission>, Stop> {
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let heard = queue::heard_meanwhile(pool, lease).await?;
    if heard.answer.is_some() {
        return Ok(heard.answer);
    }
    let is_over = heard.is_cancelled || deadline.has_passed();
    let another = !is_over
        && life.worker.jobs.unknown == UnknownSubmission::Resubmit
        && queue::attempts_made(pool, lease).await? < life.worker.jobs.max_attempts;
    // Not while the provider's queue is away: the next submission would be as doubtful.
    if another && let Err(error) = life.worker.fal.reach(&job.model).await {
        tracing::warn!(job.id = %lease.job, error = %chain(&error),
            "the provider's queue does not answer; a new attempt waits");
        return rest(life, job, jittered(LATEST)).await;
    }
    let goes_on = another || is_over;
    let told = if goes_on {
        queue::abandon_attempt(pool, lease).await?
    } else {
        queue::fail_unanswered(pool, lease, &submit::outcome_unknown(), &job.timeline).await?
    };
    if told.is_some() {
        return Ok(told);
    }
    let metrics = &life.worker.metrics;
    metrics.given_up.inc();
    if !goes_on {
        metrics.settled(Settled::Failed);
        metrics.failed(&submit::outcome_unknown(), FailureClass::Never);
    }
    tracing::error!(job.id = %lease.job, job.attempt = attempt.number,
        "it is unknown whether the provider has an attempt; it may be paid for and lost");
    if goes_on { Ok(None) } else { Err(Stop::Settled) }
}
