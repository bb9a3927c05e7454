//! One life of a worker: from its registration to its hand-over, or until it is taken for dead.

use std::{ops::Deref, pin::pin, sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    db::Pool,
    queue::{self, Lease, Teller, WorkerId},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Worker,
    backoff::exponential,
    batching::{self, Answers, Completions},
    claiming, delivering, heartbeat,
    leaving::{hear_submissions_out, leave},
    notices::Notices,
    pruning,
    slots::Slots,
    waking,
};

/// How a life ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// It was told to stop, and handed its jobs over.
    Stopped,
    /// Its beats came too late: others have its jobs.
    TakenForDead,
    /// It can claim no more; it handed its jobs over.
    Broken,
}

/// A worker with an id. Each job that it works on has a clone, which is a pointer.
#[derive(Clone, Debug)]
pub(crate) struct Life(Arc<Parts>);

/// What a life has.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) worker: Worker,
    pub(crate) id: WorkerId,
    /// Submissions that are under way: they outlive the work on their job.
    pub(crate) submissions: TaskTracker,
    /// The jobs that they are of.
    pub(crate) submitting: Slots<Lease>,
    /// Completes jobs.
    pub(crate) completions: Completions,
    /// Records what fal answered.
    pub(crate) answers: Answers,
    /// Tells watchers what fal says.
    pub(crate) teller: Teller,
    /// Jobs whose request is followed.
    pub(crate) notices: Notices,
    /// Given when there may be deliveries.
    pub(crate) deliveries_due: Arc<Notify>,
    /// Cancelled when this life ends.
    pub(crate) over: CancellationToken,
}

impl Deref for Life {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Lives once.
pub(crate) async fn live(worker: &Worker, stop: &CancellationToken) -> End {
    let Some((id, missed)) = register(&worker.pool, stop).await else {
        return End::Stopped;
    };
    let life = Life(Arc::new(Parts {
        worker: worker.clone(),
        id,
        submissions: TaskTracker::new(),
        submitting: Slots::new(usize::MAX),
        completions: batching::completions(worker.pool.clone()),
        answers: batching::answers(worker.pool.clone()),
        teller: Teller::new(worker.pool.clone()),
        notices: Notices::default(),
        deliveries_due: Arc::default(),
        over: CancellationToken::new(),
    }));
    // Ends the loops and the work on each job, however this function is left.
    let over = life.over.clone().drop_guard();
    let woken = waking::listen(&life);
    tokio::spawn(life.over.clone().run_until_cancelled_owned(pruning::prune(life.clone())));
    tokio::spawn(life.over.clone().run_until_cancelled_owned(delivering::deliver(life.clone())));
    let mut claiming = tokio::spawn(claiming::claim_jobs(life.clone(), woken));
    let mut beating = pin!(heartbeat::beat_until_dead(&life, missed));
    let end = tokio::select! {
        () = stop.cancelled() => End::Stopped,
        () = &mut beating => End::TakenForDead,
        broken = &mut claiming => {
            tracing::error!(?broken, "the claim loop broke");
            End::Broken
        }
    };
    drop(over);
    if end == End::TakenForDead {
        hear_submissions_out(&life).await;
        return end;
    }
    let mut leaving = pin!(leave(&life));
    tokio::select! {
        () = &mut leaving => {}
        // Until it has nothing more: else what it still holds would be taken from it. Where it was, others have it.
        () = beating => leaving.await,
    }
    end
}

/// Registers, as soon as the database is there. Answers also when it came back, where it was away: others may not have
/// beaten since.
async fn register(pool: &Pool, stop: &CancellationToken) -> Option<(WorkerId, Option<Instant>)> {
    let host = gethostname::gethostname();
    let name = format!("{} pid {}", host.display(), std::process::id());
    for failures in 0.. {
        match queue::register(pool, &name).await {
            Ok(id) => return Some((id, (failures > 0).then(Instant::now))),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the worker cannot register; it tries again");
            }
        }
        let wait = exponential(Duration::from_millis(500), Duration::from_secs(10), failures);
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(wait) => {}
        }
    }
    None
}
