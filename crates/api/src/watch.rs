//! Watching jobs: polls of unchanged jobs are answered from memory, and clients that wait are told of changes.
//!
//! The database notifies of each change in the transaction that makes it, and one connection only listens for that.
//! What was read of a job is valid until a change of it is heard. As soon as that connection is in doubt, nothing in
//! memory counts: polls go through to the database, and watched jobs are read again every second. For those that follow
//! all jobs, what changed unheard is looked for.

mod changed;
mod hearing;
mod known;
mod loader;
mod progress;
mod read;
mod snapshot;
mod unheard;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use darkroom_core::{
    db::{self, Pool},
    job::JobId,
    queue::Wake,
};
use tokio::sync::{broadcast, mpsc, watch};

use crate::metrics::Reads;
use hearing::Hearing;
pub(crate) use known::Told;
use known::{Known, Reading};
use loader::Loader;
use progress::AllProgress;
pub(crate) use progress::Known as KnownProgress;
pub(crate) use read::read;
pub(crate) use snapshot::Snapshot;
use unheard::Found;

/// How many changed jobs may wait to be read; beyond that, all watched jobs are read.
const MOST_WAITING: usize = 20_000;

/// Jobs that are read in one statement, at most.
const BATCH: usize = 500;

/// How often watched jobs are read while changes cannot be heard.
const UNHEARD_INTERVAL: Duration = Duration::from_secs(1);

/// How long after its own time a change may be committed. That time is when its transaction began: each of its
/// statements may take 15 seconds, and its commit too; only pictures may take longer, and the time of what comes with
/// them is when they have arrived.
pub(crate) const SLOWEST_COMMIT: Duration = Duration::from_mins(1);

/// How many changes a slow follower of all jobs may lag behind before it misses some.
const FEED: usize = 4_096;

/// What those that follow all jobs are told.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A job changed.
    Job(Arc<Snapshot>),
    /// More changed than they can be told.
    Reset,
}

/// The one place that knows the current state of jobs; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    pool: Pool,
    loader: Loader,
    /// Counts the answers from memory and from the database.
    reads: Reads,
    known: Mutex<Known>,
    progress: AllProgress,
    hearing: Hearing,
    /// Jobs to read again.
    changes: mpsc::Sender<JobId>,
    /// More jobs changed than could wait: all watched jobs must be read.
    is_flooded: AtomicBool,
    /// What was found when unheard changes were looked for last.
    found: Mutex<Found>,
    /// Tells those that follow all jobs.
    feed: broadcast::Sender<News>,
}

impl Watch {
    /// Must be called in a tokio runtime; its tasks end with the last clone. Without `notify`, nothing is
    /// ever answered from memory.
    pub(crate) fn start(pool: Pool, notify: bool, reads: Reads) -> Self {
        let (changes, to_read) = mpsc::channel(MOST_WAITING);
        let feed = broadcast::channel(FEED).0;
        let hub = Arc::new_cyclic(|hub| Hub {
            loader: loader::loader(pool.clone(), hub.clone()),
            pool,
            reads,
            known: Mutex::default(),
            progress: AllProgress::default(),
            hearing: Hearing::new(),
            changes,
            is_flooded: AtomicBool::new(false),
            found: Mutex::default(),
            feed,
        });
        let weak = Arc::downgrade(&hub);
        if notify {
            tokio::spawn(hearing::hear(weak.clone()));
        }
        tokio::spawn(changed::read_all(weak.clone(), to_read));
        tokio::spawn(unheard::read_all(weak));
        Self(hub)
    }

    /// The job's current state; `None` where there is no such job.
    pub(crate) async fn read(&self, job: JobId) -> Result<Option<Arc<Snapshot>>, db::Error> {
        let hub = &self.0;
        if hub.hearing.is_sure()
            && let Some(known) = hub.known().get(job)
        {
            hub.reads.memory.inc();
            return Ok(Some(known));
        }
        hub.reads.database.inc();
        hub.loader.ask(job).await
    }

    /// Watches a job: the receiver gets its current state first, then each change and each news of its
    /// [progress](Self::progress).
    ///
    /// The job is read for this only if it is not in memory: the caller has just read it.
    pub(crate) fn job(&self, job: JobId) -> watch::Receiver<Told> {
        let (receiver, is_known) = self.0.known().watch(job);
        if !is_known {
            self.0.read_again([job]);
        }
        receiver
    }

    /// To be called when this process changed a job: the next read sees the change before the database notifies of it.
    pub(crate) fn changed(&self, job: JobId) {
        if self.0.known().change(job) {
            self.0.read_again([job]);
        }
    }

    /// What fal last said of the job's request.
    pub(crate) fn progress(&self, job: JobId) -> Option<Arc<KnownProgress>> {
        self.0.progress.of(job)
    }

    /// Follows all jobs: every change from now on.
    pub(crate) fn all(&self) -> broadcast::Receiver<News> {
        self.0.feed.subscribe()
    }
}

impl Hub {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Poisoned or not: nothing that is done under this lock can panic half-way.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heed(&self, wake: &Wake) {
        match wake {
            Wake::Changed(jobs) => {
                let is_fed = self.feed.receiver_count() > 0;
                for job in jobs {
                    if self.known().change(*job) || is_fed {
                        self.read_again([*job]);
                    } else {
                        // Nobody watches it, and usually it has ended: what fal said of it is out of date.
                        self.progress.forget(*job);
                    }
                }
            }
            Wake::Progress(news) => {
                for news in news {
                    self.progress.heard(news);
                    self.known().nudge(news.job);
                }
            }
            _ => {}
        }
    }

    /// Changes may have been missed: forgets what is known, and reads watched jobs again.
    fn doubt(&self) {
        let watched = self.known().doubt();
        self.read_again(watched);
    }

    fn read_again(&self, jobs: impl IntoIterator<Item = JobId>) {
        for job in jobs {
            if self.changes.try_send(job).is_err() {
                self.is_flooded.store(true, Ordering::Release);
            }
        }
    }

    /// Keeps what was read of a job: its state, or that there is none.
    fn keep(&self, job: JobId, reading: Reading, read: Option<Arc<Snapshot>>) {
        let is_over = read.as_ref().is_none_or(|snapshot| snapshot.has_ended());
        self.known().keep(job, reading, read);
        if is_over {
            self.progress.forget(job);
        }
    }
}
