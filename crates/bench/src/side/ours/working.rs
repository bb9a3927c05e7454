//! The worker that is measured.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use darkroom_core::{config::Config, db::Pool, fal, job::JobId, models::Models};
use darkroom_worker::Worker;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::JoinHandle,
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// How long it may take to register.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the number of completed jobs is read. The worker counts them itself, so that costs the database nothing.
const LOOK: Duration = Duration::from_millis(1);

/// A worker at work.
pub(super) struct Working {
    completed: Box<dyn Fn() -> u64 + Send + Sync>,
    begun: UnboundedReceiver<(JobId, Instant)>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    pub(super) fn start(config: &Config, pool: Pool) -> anyhow::Result<Self> {
        let (told, begun) = unbounded_channel();
        let (fal, models) = (fal::Client::new(&config.fal)?, Models::load(&config.jobs)?);
        let worker = Worker::new(config, pool, fal, models)?.with_idle_edits(told);
        let completed = Box::new(worker.completed());
        let stop = CancellationToken::new();
        let task = tokio::spawn(darkroom_worker::run(worker, stop.clone()));
        Ok(Self { completed, begun, stop, task })
    }

    /// Waits until the worker is registered.
    pub(super) async fn is_registered(&self, pool: &Pool) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        let name = format!("% pid {}", std::process::id());
        while Instant::now() < until {
            let is_there =
                sqlx::query_scalar("select exists (select from workers where name like $1)")
                    .bind(&name)
                    .fetch_one(pool)
                    .await?;
            if is_there {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        bail!("the worker does not register")
    }

    /// When the work on the next job began.
    pub(super) async fn next(&mut self) -> anyhow::Result<Instant> {
        let (_job, begun) = self.begun.recv().await.context("the worker has ended")?;
        Ok(begun)
    }

    /// Waits until this many jobs are completed.
    pub(super) async fn has_completed(&self, jobs: u32) -> anyhow::Result<()> {
        while (self.completed)() < u64::from(jobs) {
            anyhow::ensure!(!self.task.is_finished(), "the worker has ended");
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Has the worker hand over and end.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        Ok(self.task.await?)
    }
}
