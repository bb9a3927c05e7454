//! Wake-ups: NOTIFY as a hint that there is work, or news of a job. Losing one costs the wait for the next
//! claim, check or heartbeat, never a job.

mod listener;
mod notify_slot;
mod progress;

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
pub(crate) use notify_slot::NotifySlot;
use notify_slot::Quiet;
pub use progress::{ProviderProgress, Teller};

/// The channel that says that there is work.
const WORK: &str = "darkroom_queue";

/// The channel that names jobs whose request has ended at fal.
const ENDED: &str = "darkroom_ended";

/// The channel that names jobs whose callers want them to end.
const CANCELLED: &str = "darkroom_cancelled";

/// The channel that names jobs that changed. A trigger notifies on it, except of new jobs.
const JOBS: &str = "darkroom_jobs";

/// The channel that carries what fal says of requests.
const PROGRESS: &str = "darkroom_progress";

/// The channel that says that there are deliveries. The trigger that writes one notifies on it.
const DELIVERIES: &str = "darkroom_deliveries";

/// The most hints that wait to be sent; further ones are dropped.
const MOST_WAITING: usize = 1000;

/// NOTIFY takes a lock that all notifying commits of the server share: however many hints there are, one waker
/// takes it no more often than this.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(5);

/// Tells workers that there is work, that a request has ended, or that a caller wants a job to end; and watchers
/// that jobs were made. Hints of the same moment are sent together.
#[derive(Clone, Debug)]
pub struct Waker {
    hints: mpsc::Sender<Hint>,
    /// There is work. This is sent even where too many hints wait.
    is_work: Arc<AtomicBool>,
    quiet: Quiet,
}

/// A channel and a payload.
type Hint = (&'static str, String);

/// The most jobs that one payload names: it must have less than 8,000 bytes.
const MOST_NAMED: usize = 200;

/// The hints that the commit of new jobs sends by itself where it has a [slot](NotifySlot).
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

    /// The right to notify of new jobs in the commit that makes them; `None` where this process is not quiet.
    pub(crate) fn notify_slot(&self) -> Option<NotifySlot> {
        self.quiet.slot()
    }

    /// Asks for a wake and does not wait for it. Call it after the commit: before, there is nothing
    /// to see.
    pub fn wake(&self) {
        // One hint of work is enough until it is sent.
        if !self.is_work.swap(true, Ordering::AcqRel) {
            self.hint(WORK, String::new());
        }
    }

    /// Tells a job's worker that its request has ended at fal, without waiting. The job may also be waiting for a worker.
    pub fn ended(&self, job: JobId) {
        // If it is lost, the worker's next check finds out.
        self.hint(ENDED, job.to_string());
        self.wake();
    }

    /// Tells those who watch all jobs that these were made, without waiting.
    pub fn made(&self, jobs: &[JobId]) {
        for (channel, names) in naming(jobs) {
            // If it is lost, the list still shows them.
            self.hint(channel, names);
        }
    }

    /// Tells a job's worker that the job's caller wants it to end, without waiting. The job may also be waiting for a
    /// worker.
    pub fn cancelled(&self, job: JobId) {
        // If it is lost, the worker hears of it at its next heartbeat.
        self.hint(CANCELLED, job.to_string());
        self.wake();
    }

    fn hint(&self, channel: &'static str, payload: String) {
        // When it is full, a thousand are about to be sent, and this one is dropped.
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

/// Wakes workers now. It is only a hint: failing to send it is no error.
pub(super) async fn hint(pool: &Pool) {
    notify(pool, &[WORK], &[String::new()]).await;
}

/// Wakes workers for deliveries now. It is only a hint, too.
pub(super) async fn hint_deliveries(pool: &Pool) {
    notify(pool, &[DELIVERIES], &[String::new()]).await;
}

/// Sends hints; identical ones are sent once. Their commit writes nothing, so it does not wait for the disk.
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
