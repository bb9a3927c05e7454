//! Wake-ups: NOTIFY as a hint that there is work, or news of a job. Losing one costs a claim interval,
//! a check or a heartbeat, never a job.

mod listener;
mod progress;

use std::time::Duration;

use tokio::{sync::mpsc, time::sleep};

use crate::{db::Pool, job::JobId};
pub use listener::{Audience, Listener, Wake};
pub use progress::{ProviderProgress, Teller};

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

/// Jobs that are named at once, at most; more are named a moment later.
const MOST_NAMED: usize = 500;

/// NOTIFY takes a lock that all commits of the server share: however many jobs are enqueued, one
/// process asks for it no more often than this.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(5);

/// Tells workers that there is work, that a request has ended, or that a caller wants a job to end. Many
/// wakes at once are sent as one.
#[derive(Clone, Debug)]
pub struct Waker {
    work: mpsc::Sender<()>,
    named: mpsc::Sender<(&'static str, JobId)>,
}

impl Waker {
    /// A waker that sends through `pool`. Must be called in a tokio runtime; its tasks end with the
    /// last clone.
    pub fn new(pool: Pool) -> Self {
        let (work, work_asked) = mpsc::channel(1);
        let (named, named_asked) = mpsc::channel(MOST_NAMED);
        tokio::spawn(send_wakes(pool.clone(), work_asked));
        tokio::spawn(send_names(pool, named_asked));
        Self { work, named }
    }

    /// Asks for a wake and does not wait for it. Call it after the commit: before, there is nothing
    /// to see.
    pub fn wake(&self) {
        // Full means that a wake is on its way already.
        self.work.try_send(()).ok();
    }

    /// Says that a job's request has ended, to whoever follows it, and does not wait for it.
    pub fn ended(&self, job: JobId) {
        // It is a hint: whoever follows the request asks by itself.
        self.named.try_send((ENDED, job)).ok();
    }

    /// Says that a job was made, to whoever watches all of them, and does not wait for it.
    pub fn made(&self, job: JobId) {
        // It is a hint: whoever asks for the list sees it.
        self.named.try_send((JOBS, job)).ok();
    }

    /// Says that a job's caller wants it to end, to whoever works on it, and does not wait for it.
    pub fn cancel(&self, job: JobId) {
        // It is a hint: whoever works on it hears of it at the next beat.
        self.named.try_send((CANCELLED, job)).ok();
    }
}

async fn send_wakes(pool: Pool, mut asked: mpsc::Receiver<()>) {
    while asked.recv().await.is_some() {
        hint(&pool).await;
        sleep(NOTIFY_INTERVAL).await;
    }
}

async fn send_names(pool: Pool, mut asked: mpsc::Receiver<(&'static str, JobId)>) {
    let mut named = Vec::new();
    while asked.recv_many(&mut named, MOST_NAMED).await > 0 {
        let (channels, jobs): (Vec<String>, Vec<String>) =
            named.drain(..).map(|(channel, job)| (channel.to_owned(), job.to_string())).unzip();
        let sent = sqlx::query!(
            "select pg_notify(channel, job) from unnest($1::text[], $2::text[]) as named (channel, job)",
            &channels,
            &jobs,
        )
        .execute(&pool)
        .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "jobs were not named; workers ask by themselves");
        }
        sleep(NOTIFY_INTERVAL).await;
    }
}

/// Wakes workers now. It is a hint: that it is not sent is no error.
pub(super) async fn hint(pool: &Pool) {
    notify(pool, WORK).await;
}

/// Wakes those who deliver now. It is a hint, too.
pub(super) async fn hint_deliveries(pool: &Pool) {
    notify(pool, DELIVERIES).await;
}

async fn notify(pool: &Pool, channel: &str) {
    if let Err(error) = sqlx::query!("select pg_notify($1, '')", channel).execute(pool).await {
        tracing::debug!(%error, "a wake was not sent; workers look by themselves");
    }
}
