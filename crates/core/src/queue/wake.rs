//! Wake-ups: NOTIFY as a hint that there is work, or news of a job. Losing one costs a claim interval,
//! a check or a heartbeat, never a job.

mod listener;
mod progress;
mod turn;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc, time::sleep};

use crate::{db::Pool, job::JobId};
pub use listener::{Audience, Listener, Wake};
pub use progress::{ProviderProgress, Teller};
use turn::Quiet;
pub(crate) use turn::Turn;

/// The channel that says that there is work.
const WORK: &str = "darkroom_queue";

/// The channel that names jobs whose request has ended at fal.
const ENDED: &str = "darkroom_ended";

/// The channel that names jobs whose callers want them to end.
const CANCELLED: &str = "darkroom_cancelled";

/// The channel that names jobs that changed. The database speaks on it by itself, but for new jobs.
const JOBS: &str = "darkroom_jobs";

/// The channel that tells what fal says of requests.
const PROGRESS: &str = "darkroom_progress";

/// The channel that says that there are deliveries. The database speaks on it by itself when it writes one.
const DELIVERIES: &str = "darkroom_deliveries";

/// Hints that wait to be sent, at most; more are not sent.
const MOST_WAITING: usize = 1000;

/// NOTIFY takes a lock that all commits of the server share: however much is to be told, one waker asks for
/// it no more often than this.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(5);

/// Tells workers that there is work, that a request has ended, or that a caller wants a job to end. Whatever
/// is to be told at the same time is sent together.
#[derive(Clone, Debug)]
pub struct Waker {
    hints: mpsc::Sender<Hint>,
    /// There is work. It is told however many hints wait.
    is_work: Arc<AtomicBool>,
    quiet: Quiet,
}

/// A channel, and what is said on it.
type Hint = (&'static str, String);

/// Jobs that are named in one payload, at most: it may have 8,000 bytes.
const MOST_NAMED: usize = 200;

/// What the commit of new jobs says where it has a [turn](Turn).
pub(crate) fn hints_of_new(jobs: &[JobId], is_work: bool) -> (Vec<&'static str>, Vec<String>) {
    let work = is_work.then(|| (WORK, String::new()));
    work.into_iter().chain(naming(jobs)).unzip()
}

fn naming(jobs: &[JobId]) -> impl Iterator<Item = Hint> {
    jobs.chunks(MOST_NAMED).map(|jobs| {
        let names: Vec<String> = jobs.iter().map(JobId::to_string).collect();
        (JOBS, names.join(","))
    })
}

impl Waker {
    /// A waker that sends through `pool`. Must be called in a tokio runtime; its task ends with the
    /// last clone.
    pub fn new(pool: Pool) -> Self {
        let (hints, waiting) = mpsc::channel(MOST_WAITING);
        let (is_work, quiet) = (Arc::default(), Quiet::new());
        tokio::spawn(send(pool, waiting, Arc::clone(&is_work), quiet.clone()));
        Self { hints, is_work, quiet }
    }

    /// The right to tell of a new job in the commit that makes it, where it is quiet.
    pub(crate) fn turn(&self) -> Option<Turn> {
        self.quiet.turn()
    }

    /// Asks for a wake and does not wait for it. Call it after the commit: before, there is nothing
    /// to see.
    pub fn wake(&self) {
        // Once is enough, until it is told.
        if !self.is_work.swap(true, Ordering::AcqRel) {
            self.hint(WORK, String::new());
        }
    }

    /// Says that a job's request has ended, to whoever follows it, and does not wait for it.
    pub fn ended(&self, job: JobId) {
        // Whoever follows the request asks by itself, too.
        self.hint(ENDED, job.to_string());
    }

    /// Says that jobs were made, to whoever watches all of them, and does not wait for it.
    pub fn made(&self, jobs: &[JobId]) {
        for (channel, names) in naming(jobs) {
            // Whoever asks for the list sees them, too.
            self.hint(channel, names);
        }
    }

    /// Says that a job's caller wants it to end, to whoever works on it, and does not wait for it.
    pub fn cancel(&self, job: JobId) {
        // Whoever works on it hears of it at the next beat, too.
        self.hint(CANCELLED, job.to_string());
    }

    fn hint(&self, channel: &'static str, payload: String) {
        // Full means that a thousand are told in a moment, and one is missing.
        self.hints.try_send((channel, payload)).ok();
    }
}

async fn send(
    pool: Pool,
    mut waiting: mpsc::Receiver<Hint>,
    is_work: Arc<AtomicBool>,
    quiet: Quiet,
) {
    let mut hints = Vec::new();
    while waiting.recv_many(&mut hints, MOST_WAITING).await > 0 {
        quiet.end();
        if is_work.swap(false, Ordering::AcqRel) {
            hints.push((WORK, String::new()));
        }
        let (channels, payloads): (Vec<_>, Vec<_>) = hints.drain(..).unzip();
        notify(&pool, &channels, &payloads).await;
        sleep(NOTIFY_INTERVAL).await;
    }
}

/// Wakes workers now. It is a hint: that it is not sent is no error.
pub(super) async fn hint(pool: &Pool) {
    notify(pool, &[WORK], &[String::new()]).await;
}

/// Wakes those who deliver now. It is a hint, too.
pub(super) async fn hint_deliveries(pool: &Pool) {
    notify(pool, &[DELIVERIES], &[String::new()]).await;
}

/// Sends hints; those that are the same go out once. Their commit changes nothing, so it waits for no disk.
async fn notify(pool: &Pool, channels: &[&str], payloads: &[String]) {
    let sent = sqlx::query!(
        "select pg_notify(channel, payload)
         from unnest($1::text[], $2::text[]) as hint (channel, payload)",
        channels as _,
        payloads,
    )
    .execute(pool)
    .await;
    if let Err(error) = sent {
        tracing::debug!(%error, "hints were not sent; whoever waits for them looks by itself");
    }
}
