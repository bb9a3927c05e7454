//! `awa`.

use std::time::Duration;

use anyhow::{Context, Result};
use awa::{Client, InsertOpts, JobArgs, JobResult, QueueConfig, QueueStorage, QueueStorageConfig};
use awa_model::insert;
use protocol::{Handler, Job, Load, Queue, Worker};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::sync::oneshot;

const QUEUE: &str = "edit";
/// Jobs a COPY, when many are added.
const CHUNK: usize = 1000;

#[derive(Serialize, Deserialize, JobArgs)]
#[serde(transparent)]
struct Edit(Job);

struct Awa {
    pool: PgPool,
    storage: QueueStorage,
}

impl Queue for Awa {
    const PACKAGE: &'static str = "awa";
    const SETTINGS: &'static str = "drain: max_workers 500, 20 connections; wake, work: max_workers 10; \
        bulk: enqueue_params_copy of 1000; queue storage and the rest by default";
    // The view `awa.jobs` says the same, and takes seconds over it.
    const UNFINISHED: &'static str = "select (select count(*) from awa.ready_entries) > \
        (select count(*) from awa.done_entries) + \
        (select coalesce(sum(completed_count), 0) from awa.receipt_completion_batches)";

    async fn setup(url: &str) -> Result<()> {
        let pool = pool(url, 1).await?;
        awa::migrations::run(&pool).await?;
        QueueStorage::new(QueueStorageConfig::default())?.install(&pool).await?;
        Ok(())
    }

    async fn open(url: &str, connections: u32, _: Load) -> Result<Self> {
        let storage = QueueStorage::new(QueueStorageConfig::default())?;
        Ok(Self { pool: pool(url, connections).await?, storage })
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        awa::insert_with(&self.pool, &Edit(job), options()).await?;
        Ok(())
    }

    async fn enqueue_all(&self, jobs: Vec<Job>) -> Result<()> {
        let mut jobs = jobs.into_iter().map(|job| insert::params_with(&Edit(job), options()));
        loop {
            let chunk = jobs.by_ref().take(CHUNK).collect::<Result<Vec<_>, _>>()?;
            if chunk.is_empty() {
                return Ok(());
            }
            self.storage.enqueue_params_copy(&self.pool, &chunk).await?;
        }
    }

    async fn worker(url: &str, load: Load, handler: Handler) -> Result<Worker> {
        let mut config = QueueConfig::default();
        let pool = match load {
            Load::Backlog => {
                config.max_workers = 500;
                pool(url, 20).await?
            }
            Load::Idle => {
                config.max_workers = 10;
                PgPool::connect(url).await?
            }
        };
        let client = Client::builder(pool)
            .queue(QUEUE, config)
            .register::<Edit, _, _>(move |edit: Edit, _| {
                handler.run(edit.0.number);
                async { Ok(JobResult::Completed) }
            })
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let run = async move {
            client.start().await?;
            stopped.await.context("nobody stops the worker")?;
            client.shutdown(Duration::from_secs(10)).await;
            Ok(())
        };
        Ok(Worker::new(run, move || {
            let _ = stop.send(());
        }))
    }
}

fn options() -> InsertOpts {
    InsertOpts { queue: QUEUE.into(), ..InsertOpts::default() }
}

protocol::pool!();

#[tokio::main]
async fn main() -> Result<()> {
    protocol::run::<Awa>().await
}
