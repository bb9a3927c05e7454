//! One life of a worker: from its registration to its hand-over, or until it is taken for dead.

use std::{ops::Deref, sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    db::Pool,
    queue::{self, Teller, WorkerId},
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Worker,
    backoff::exponential,
    batching::{self, Answers, Completions},
    claiming, delivering, heartbeat,
    notices::Notices,
    pruning, waking,
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

/// A submission that is under way is waited for: its answer is the only trace of what it bought.
const SUBMISSION_PATIENCE: Duration = Duration::from_secs(20);

/// A database that is away cannot take a hand-over; the next worker's rescue does it then.
const HAND_OVER_PATIENCE: Duration = Duration::from_secs(5);

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
    let end = tokio::select! {
        () = stop.cancelled() => End::Stopped,
        () = heartbeat::beat_until_dead(&life, missed) => End::TakenForDead,
        broken = &mut claiming => {
            tracing::error!(?broken, "the claim loop broke");
            End::Broken
        }
    };
    drop(over);
    life.submissions.close();
    if timeout(SUBMISSION_PATIENCE, life.submissions.wait()).await.is_err() {
        tracing::error!("a submission got no answer in time; its outcome is unknown");
    }
    if end != End::TakenForDead {
        hand_over(&life).await;
    }
    end
}

async fn hand_over(life: &Life) {
    match timeout(HAND_OVER_PATIENCE, queue::release(&life.worker.pool, life.id)).await {
        Ok(Ok(jobs)) => {
            life.worker.metrics.handed_over.inc_by(jobs);
            tracing::info!(jobs, "the worker stopped and handed its jobs over");
        }
        Ok(Err(error)) => {
            tracing::warn!(error = %chain(&error), "the jobs could not be handed over; they will be rescued");
        }
        Err(_elapsed) => {
            tracing::warn!("the jobs could not be handed over in time; they will be rescued");
        }
    }
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
