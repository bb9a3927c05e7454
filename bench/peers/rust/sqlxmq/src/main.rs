//! `sqlxmq`.

use std::time::Duration;

use anyhow::{Context, Result};
use protocol::{Handler, Job, Load, Queue, Worker};
use sqlx::PgPool;
use sqlxmq::{CurrentJob, JobBuilder, JobRunnerOptions};
use tokio::sync::oneshot;

const SCHEMA: &str = include_str!(concat!(env!("OUT_DIR"), "/schema.sql"));
/// Jobs a transaction, when many are added.
const CHUNK: usize = 1000;

struct Sqlxmq(PgPool);

impl Queue for Sqlxmq {
    const PACKAGE: &'static str = "sqlxmq";
    const SETTINGS: &'static str = "drain: concurrency 100 to 500, 32 connections; wake, work: concurrency 5 to 10; \
        bulk: 1000 spawns a transaction, as it has no other way";
    const UNFINISHED: &'static str = "select exists (select from mq_msgs where id <> uuid_nil())";

    async fn setup(url: &str) -> Result<()> {
        sqlx::raw_sql(SCHEMA).execute(&pool(url, 1).await?).await?;
        Ok(())
    }

    async fn open(url: &str, connections: u32, _: Load) -> Result<Self> {
        Ok(Self(pool(url, connections).await?))
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        JobBuilder::new("edit").set_json(&job)?.spawn(&self.0).await?;
        Ok(())
    }

    async fn enqueue_all(&self, jobs: Vec<Job>) -> Result<()> {
        for chunk in jobs.chunks(CHUNK) {
            let mut transaction = self.0.begin().await?;
            for job in chunk {
                JobBuilder::new("edit").set_json(job)?.spawn(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn worker(url: &str, load: Load, handler: Handler) -> Result<Worker> {
        let (pool, least, most) = match load {
            Load::Backlog => (pool(url, 32).await?, 100, 500),
            Load::Idle => (PgPool::connect(url).await?, 5, 10),
        };
        let mut options = JobRunnerOptions::new(&pool, move |job| {
            tokio::spawn(run(job, handler.clone()));
        });
        options.set_concurrency(least, most);
        let (stop, stopped) = oneshot::channel();
        let run = async move {
            let mut runner = options.run().await?;
            stopped.await.context("nobody stops the worker")?;
            runner.stop().await;
            runner.wait_jobs_finish(Duration::from_secs(10)).await;
            Ok(())
        };
        Ok(Worker::new(run, move || {
            let _ = stop.send(());
        }))
    }
}

async fn run(mut job: CurrentJob, handler: Handler) {
    let result = async {
        let edit: Job = job.json()?.context("a job has no payload")?;
        handler.run(edit.number);
        job.complete().await?;
        anyhow::Ok(())
    };
    if let Err(error) = result.await {
        eprintln!("{error:#}");
    }
}

protocol::pool!();

#[tokio::main]
async fn main() -> Result<()> {
    protocol::run::<Sqlxmq>().await
}
