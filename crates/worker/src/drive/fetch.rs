//! Fetch what was paid for: a request's result, or one of its outputs. Calls are repeated as long as that is worthwhile.

use std::time::{Duration, Instant};

use darkroom_core::{
    chain::chain,
    fal::{Class, Error, Output},
    queue::{Claimed, Submission},
};
use tokio::time::sleep;

use crate::{
    backoff::{asked_for, exponential, while_away_after},
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
    probing::{self, Account},
};

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Fetches a request's result, and notes what that says about its cost: a request that failed costs nothing.
pub(super) async fn result(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Output, Stop> {
    let fetching = async || {
        let fetched = life.worker.fal.result(submission).await;
        match &fetched {
            Err(error) if error.is_free() => job.timeline.note_free(),
            Ok(_) | Err(_) => job.timeline.note_maybe_paid(),
        }
        fetched
    };
    persistently(life, submission, Call::Result, fetching).await
}

/// Repeats a call until it succeeds, or errors that mean the same came often enough for the last one to be believed.
pub(super) async fn persistently<T, F>(
    life: &Life,
    submission: &Submission,
    what: Call,
    call: impl Fn() -> F,
) -> Result<T, Stop>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut met = Vec::new();
    let mut confirmed = None;
    loop {
        let asked = Instant::now();
        let answer = call().await;
        life.worker.metrics.called(what, asked, &answer);
        let error = match answer {
            Ok(fetched) => return Ok(fetched),
            Err(error) => error,
        };
        tracing::warn!(provider.request_id = submission.provider_request_id, error = %chain(&error),
            "a result or an output could not be fetched");
        met.push(error.class());
        if is_enough(&met, &error) {
            // It is what the request came to only if it is answered once more after other calls were accepted.
            if confirmed == Some(error.class()) || !error.is_doubtful_end() {
                return Err(believe(life, &error).await.into());
            }
            sleep(asked_for(&error)).await;
            if !are_others_accepted(life, submission, &error).await {
                return Err(Outcome::Snooze(while_away_after(&error)).into());
            }
            confirmed = Some(error.class());
            continue;
        }
        confirmed = None;
        let tries = u32::try_from(met.len()).unwrap_or(u32::MAX);
        let wait = exponential(Duration::from_millis(250), LONGEST_WAIT, tries);
        sleep(wait.max(asked_for(&error).min(LONGEST_WAIT))).await;
    }
}

/// Whether what the last error means was met often enough. Those that end nothing are counted together with all others.
fn is_enough(met: &[Class], error: &Error) -> bool {
    let alike = |class: &&Class| error.class() == Class::Later || **class == error.class();
    let times = met.iter().filter(alike).count();
    u32::try_from(times).is_ok_and(|times| times >= error.worthwhile_tries())
}

/// Whether fal accepts other calls while it refuses one as if it were about the account, or one too many.
async fn are_others_accepted(life: &Life, submission: &Submission, error: &Error) -> bool {
    if error.class() == Class::Halt {
        return probing::heed(life, error).await == Account::Accepted;
    }
    let asked = Instant::now();
    let answer = life.worker.fal.check(submission).await;
    life.worker.metrics.called(Call::Check, asked, &answer);
    answer.is_ok()
}

async fn believe(life: &Life, error: &Error) -> Outcome {
    match error.class() {
        // Paid for and still there, as far as anybody knows: it is fetched later.
        Class::Later => Outcome::Snooze(while_away_after(error)),
        Class::Halt if error.is_doubtful_end() => Outcome::Fail(error.failure()),
        Class::Halt => {
            probing::heed(life, error).await;
            Outcome::Snooze(while_away_after(error))
        }
        Class::Retry => Outcome::Retry(error.failure()),
        Class::Never => Outcome::Fail(error.failure()),
    }
}

#[cfg(test)]
mod tests {
    use darkroom_core::fal::Malformed;

    use super::*;

    /// What is said once in a while says nothing of the request.
    #[test]
    fn an_answer_is_believed_when_others_that_mean_the_same_came_before_it() {
        let garbled = Error::UnexpectedResult(Malformed::Field("images".into()));
        let [later, never] = [Class::Later, Class::Never];

        assert!(!is_enough(&[later, later, never], &garbled));
        assert!(!is_enough(&[never, later, Class::Retry, never], &garbled));
        assert!(is_enough(&[never, later, never, never], &garbled));
    }

    #[test]
    fn what_passes_is_waited_for_a_minute_whatever_came_between() {
        let met = [Class::Later, Class::Never, Class::Retry, Class::Later, Class::Never];

        assert!(!is_enough(&met, &Error::Silent));
        assert!(is_enough(&[met.as_slice(), &[Class::Later; 3]].concat(), &Error::Silent));
    }
}
