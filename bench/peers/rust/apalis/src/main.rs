//! `apalis` with `apalis-postgres`.

use std::time::Duration;

use anyhow::{Context, Result};
use apalis::prelude::*;
use apalis_postgres::{Config, PostgresStorage};
use futures::future::BoxFuture;
use protocol::{Handler, Job, Load, Queue};
use sqlx::PgPool;

const QUEUE: &str = "edit";
/// Jobs a statement, when many are added.
const CHUNK: usize = 1000;
/// Between two looks at a backlog. Without it, the first look is all until the next heartbeat.
const INTERVAL: Duration = Duration::from_millis(10);

struct Apalis(PostgresStorage<Job>);

impl Queue for Apalis {
    const PACKAGE: &'static str = "apalis-postgres";
    const SETTINGS: &'static str = "drain: batch_size 1000, interval 10 ms, lock_tasks off, parallelize with tokio::spawn; \
        wake, work: batch_size 10 with pubsub; bulk: push_bulk of 1000";
    const UNFINISHED: &'static str =
        "select exists (select from apalis.jobs where status <> 'Done')";

    async fn setup(url: &str) -> Result<()> {
        PostgresStorage::setup(&pool(url, 1).await?).await?;
        Ok(())
    }

    async fn open(url: &str, connections: u32, _: Load) -> Result<Self> {
        Ok(Self(storage(&pool(url, connections).await?, 10)))
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        self.0.clone().push(job).await?;
        Ok(())
    }

    async fn enqueue_all(&self, jobs: Vec<Job>) -> Result<()> {
        let mut storage = self.0.clone();
        for chunk in jobs.chunks(CHUNK) {
            storage.push_bulk(chunk.to_vec()).await?;
        }
        Ok(())
    }

    async fn worker(url: &str, load: Load, handler: Handler) -> Result<protocol::Worker> {
        let context = WorkerContext::new("peer");
        let stop = context.clone();
        let builder = WorkerBuilder::new(&context);
        // The two backends are of different types.
        macro_rules! run_on {
            ($backend:expr) => {{
                let worker = builder.backend($backend).data(handler).parallelize(tokio::spawn);
                Box::pin(worker.build(edit).run())
            }};
        }
        let run: BoxFuture<'static, _> = match load {
            Load::Backlog => {
                run_on!(storage(&pool(url, 4).await?, 1000).poll_with_interval(INTERVAL))
            }
            Load::Idle => run_on!(storage(&PgPool::connect(url).await?, 10).with_pubsub()),
        };
        let run = async move { run.await.context("the worker failed") };
        Ok(protocol::Worker::new(run, move || {
            let _ = stop.stop();
        }))
    }
}

fn storage(pool: &PgPool, batch: usize) -> PostgresStorage<Job> {
    PostgresStorage::new(pool)
        .with_config(Config::default().queue(QUEUE).batch_size(batch).lock_tasks(false))
}

async fn edit(job: Job, handler: Data<Handler>) -> Result<(), BoxDynError> {
    handler.run(job.number);
    Ok(())
}

protocol::pool!();

#[tokio::main]
async fn main() -> Result<()> {
    protocol::run::<Apalis>().await
}
