//! Signals on the way: which steps they end at once, and which one is waited for.

use std::pin::pin;

use super::{failure::Failure, job::Job, photo::Photos, show::Screen};
use crate::stop::{Signal, Signals};

/// The outcome of a step; if a signal ends it, the failure that `meaning` makes of the signal.
pub(super) async fn unless_interrupted<T>(
    signals: &mut Signals,
    meaning: impl FnOnce(Signal) -> Failure,
    step: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = step => done,
        signal = signals.next() => Err(meaning(signal)),
    }
}

/// The job, and the signal if one came while it was being made. Once the photos are sent there may be a job, so
/// the answer is waited for: only a job whose id is known can be cancelled.
pub(super) async fn while_asking(
    signals: &mut Signals,
    photos: &Photos,
    screen: &Screen,
    asking: impl Future<Output = Result<Job, Failure>>,
) -> Result<(Job, Option<Signal>), Failure> {
    let mut asking = pin!(asking);
    let signal = tokio::select! {
        job = &mut asking => return Ok((job?, None)),
        signal = signals.next() => signal,
    };
    if !photos.were_sent() {
        return Err(Failure::Interrupted(signal));
    }
    screen.say(
        "there may be a job already: it is waited for, and cancelled; Ctrl-C again leaves at once",
    );
    let leave = |signal| Failure::Left { signal, job: None };
    let job = unless_interrupted(signals, leave, asking).await?;
    Ok((job, Some(signal)))
}
