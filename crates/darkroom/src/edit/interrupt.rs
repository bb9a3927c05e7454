//! Signals on the way: what is given up, and what has to be seen to its end.

use std::pin::pin;

use super::{failure::Failure, job::Job, photo::Photos, show::Screen};
use crate::stop::{Signal, Signals};

/// What comes of a step, unless a signal ends it, and what that means.
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

/// The job, and the signal that came while it was asked for. Once the photos are sent there may be a job, so its
/// answer is waited for: only a job that is known can be cancelled.
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
