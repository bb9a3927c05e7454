//! Batching: what many jobs want to write at the same time is written in one statement.

use std::{collections::HashSet, time::Duration};

use darkroom_core::{
    chain::chain,
    db::{self, Ask, Batcher, Bounds, Pool},
    queue::{self, Answered, Completion, Lease},
};

/// The most jobs in one statement, and the most that wait for the next one.
const MOST: usize = 500;

/// Longer than a statement may take, and longer than the wait for a connection: a job that gets no answer makes a
/// statement of its own, and many of those would not help a slow database.
const PATIENCE: Duration = Duration::from_mins(1);

/// Completes jobs. True where it was done, false where the lease is lost.
pub(crate) type Completions = Batcher<Completion, bool>;

/// Records what fal answered. True where it was done, false where the lease is lost.
pub(crate) type Answers = Batcher<Answered, bool>;

/// Completes many jobs in one statement.
pub(crate) fn completions(pool: Pool) -> Completions {
    Batcher::new(pool, bounds("completing jobs"), async |mut connection, asks| {
        let (completions, askers) = split(asks);
        let done = queue::complete_all(&mut connection, &completions).await;
        drop(connection);
        tell(completions.iter().map(|completion| completion.lease), askers, &done);
    })
}

/// Records many answers in one statement.
pub(crate) fn answers(pool: Pool) -> Answers {
    Batcher::new(pool, bounds("recording submissions"), async |mut connection, asks| {
        let (answered, askers) = split(asks);
        let done = queue::record_submissions(&mut connection, &answered).await;
        drop(connection);
        tell(answered.iter().map(|answered| answered.lease), askers, &done);
    })
}

fn bounds<Question>(doing: &'static str) -> Bounds<Question> {
    Bounds {
        doing,
        waiting: MOST,
        at_a_time: 1,
        waits_for_previous: PATIENCE,
        patience: PATIENCE,
        // When a worker stops, the tasks that asked are gone; what their jobs came to must be written all the same.
        sends_abandoned: true,
        weigh: |_question| 1,
        weight: MOST,
    }
}

type Askers = Vec<db::Asker<bool>>;

fn split<Question>(asks: Vec<Ask<Question, bool>>) -> (Vec<Question>, Askers) {
    asks.into_iter().map(|ask| (ask.question, ask.asker)).unzip()
}

fn tell(
    leases: impl Iterator<Item = Lease>,
    askers: Askers,
    done: &Result<HashSet<Lease>, db::Error>,
) {
    if let Err(error) = done {
        tracing::debug!(jobs = askers.len(), error = %chain(error), "a batch failed");
    }
    for (lease, asker) in leases.zip(askers) {
        asker.tell(done.as_ref().map(|done| done.contains(&lease)).map_err(Clone::clone));
    }
}
