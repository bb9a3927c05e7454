//! One life of a worker: from its registration to its hand-over, or until it is taken for dead.

use std::{ops::Deref, pin::pin, sync::Arc};

use darkroom_core::{
    chain::chain,
    db::Pool,
    queue::{self, Lease, Teller, WorkerId},
};
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Worker,
    backoff::Backoff,
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
    /// One of its loops broke; it handed its jobs over.
    Broken,
}

/// A worker under one id, until it stops or is taken for dead. Each job that it works on has a clone, which is only
/// a pointer.
#[derive(Clone, Debug)]
pub(crate) struct Life(Arc<Parts>);

/// What the loops and the jobs of one life share.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) worker: Worker,
    pub(crate) id: WorkerId,
    /// Submissions that are under way: they go on when the work on their job is interrupted.
    pub(crate) submissions: TaskTracker,
    /// The leases of the jobs whose submissions are under way.
    pub(crate) submitting: Slots<Lease>,
    /// Completes jobs.
    pub(crate) completions: Completions,
    /// Records what fal answered.
    pub(crate) answers: Answers,
    /// Tells clients that watch a job what fal says of it.
    pub(crate) teller: Teller,
    /// Passes notices on to the jobs whose request is followed.
    pub(crate) notices: Notices,
    /// Signalled when deliveries may be due.
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

/// Lives once: registers, works until it is told to stop or taken for dead, and leaves.
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
    // Ends the work on each job, and what else the life has begun, however this function is left.
    let over = life.over.clone().drop_guard();
    let mut loops = JoinSet::new();
    loops.spawn(claiming::claim_jobs(life.clone(), waking::listen(&life)));
    loops.spawn(delivering::deliver(life.clone()));
    loops.spawn(pruning::prune(life.clone()));
    let mut beating = pin!(heartbeat::beat_until_dead(&life, missed));
    let end = tokio::select! {
        () = stop.cancelled() => End::Stopped,
        () = &mut beating => End::TakenForDead,
        broken = loops.join_next() => {
            tracing::error!(?broken, "a loop of the worker broke");
            End::Broken
        }
    };
    drop((loops, over));
    if end == End::TakenForDead {
        hear_submissions_out(&life).await;
        return end;
    }
    let mut leaving = pin!(leave(&life));
    tokio::select! {
        () = &mut leaving => {}
        // Beats until it holds nothing more: otherwise others would rescue its jobs. If they did, they have them now.
        () = beating => leaving.await,
    }
    end
}

/// Registers as soon as the database is there.
///
/// If the database was away at first, the moment when it came back is returned too: other workers may not have beaten
/// since, and are not dead for that.
async fn register(pool: &Pool, stop: &CancellationToken) -> Option<(WorkerId, Option<Instant>)> {
    let host = gethostname::gethostname();
    let name = format!("{} pid {}", host.display(), std::process::id());
    let mut backoff = Backoff::patient();
    loop {
        match queue::register(pool, &name).await {
            Ok(id) => return Some((id, backoff.has_waited().then(Instant::now))),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the worker cannot register; it tries again");
            }
        }
        stop.run_until_cancelled(backoff.wait()).await?;
    }
}
