//! `riverqueue`, River for Rust.

use std::time::Duration;

use anyhow::{Context, Result};
use protocol::{Handler, Job, Load, Queue, Worker};
use riverqueue::migrate::PostgresMigrator;
use riverqueue::{Client, JobArgs, QueueConfig, WorkContext, WorkOutcome, Workers};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::oneshot;

const QUEUE: &str = "default";
/// Jobs a statement, when many are added.
const CHUNK: usize = 20_000;

#[derive(Clone, Serialize, Deserialize, JobArgs)]
#[river(kind = "edit")]
struct Edit {
    #[serde(flatten)]
    job: Job,
}

struct River(Client);

impl Queue for River {
    const PACKAGE: &'static str = "riverqueue";
    const SETTINGS: &'static str = "drain: 1000 workers, fetch_cooldown 1 ms; wake, work: 10 workers, fetch_cooldown 1 ms; \
        bulk: insert_many of 20,000";
    const UNFINISHED: &'static str =
        "select exists (select from river_job where state <> 'completed')";

    async fn setup(url: &str) -> Result<()> {
        PostgresMigrator::new(pool(url, 1).await?).migrate_up().await?;
        Ok(())
    }

    async fn open(url: &str, connections: u32, _: Load) -> Result<Self> {
        let builder =
            Client::builder(pool(url, connections).await?).fetch_cooldown(Duration::from_millis(1));
        Ok(Self(builder.build()?))
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        self.0.insert(Edit { job }).await?;
        Ok(())
    }

    async fn enqueue_all(&self, jobs: Vec<Job>) -> Result<()> {
        for chunk in jobs.chunks(CHUNK) {
            self.0.insert_many(chunk.iter().cloned().map(|job| Edit { job })).await?;
        }
        Ok(())
    }

    async fn worker(url: &str, load: Load, handler: Handler) -> Result<Worker> {
        let mut workers = Workers::new();
        workers.add_fn(move |_: WorkContext, job: riverqueue::Job<Edit>| {
            handler.run(job.args.job.number);
            async { anyhow::Ok(WorkOutcome::Complete) }
        })?;
        let (pool, width) = match load {
            Load::Backlog => (pool(url, 8).await?, 1000),
            Load::Idle => (PgPool::connect(url).await?, 10),
        };
        let client = Client::builder(pool)
            .workers(workers)
            .fetch_cooldown(Duration::from_millis(1))
            .queue(QUEUE, QueueConfig::new(width))
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let run = async move {
            let mut running = client.start()?;
            stopped.await.context("nobody stops the worker")?;
            running.stop().await?;
            Ok(())
        };
        Ok(Worker::new(run, move || {
            let _ = stop.send(());
        }))
    }
}

protocol::pool!();

#[tokio::main]
async fn main() -> Result<()> {
    protocol::run::<River>().await
}
