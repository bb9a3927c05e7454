//! `graphile_worker`, the Rust one.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, TaskHandler, WorkerContext, WorkerOptions,
    WorkerUtils,
};
use protocol::{Handler, Job, Load, Queue, Worker};
use serde::{Deserialize, Serialize};

const SCHEMA: &str = "graphile_worker";
/// Jobs a statement, when many are added.
const CHUNK: usize = 1000;

#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Edit(Job);

impl TaskHandler for Edit {
    const IDENTIFIER: &'static str = "edit";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let handler = context.get_ext::<Handler>().ok_or("there is no handler")?;
        handler.run(self.0.number);
        Ok::<(), String>(())
    }
}

struct GraphileWorker(WorkerUtils);

impl Queue for GraphileWorker {
    const PACKAGE: &'static str = "graphile_worker";
    const SETTINGS: &'static str = "drain: concurrency 16, 4 local queues of 1000, complete_job_batch_delay 5 ms, \
        poll_interval 5 ms; wake, work: concurrency 10, defaults; bulk: add_jobs of 1000; notifications on";
    const UNFINISHED: &'static str = "select exists (select from graphile_worker._private_jobs)";

    async fn setup(url: &str) -> Result<()> {
        WorkerUtils::new(pool(url, 1).await?, SCHEMA).migrate().await?;
        Ok(())
    }

    async fn open(url: &str, connections: u32, _: Load) -> Result<Self> {
        Ok(Self(WorkerUtils::new(pool(url, connections).await?, SCHEMA)))
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        self.0.add_job(Edit(job), JobSpec::default()).await?;
        Ok(())
    }

    async fn enqueue_all(&self, jobs: Vec<Job>) -> Result<()> {
        let spec = JobSpec::default();
        for chunk in jobs.chunks(CHUNK) {
            let edits: Vec<_> = chunk.iter().map(|job| (Edit(job.clone()), &spec)).collect();
            self.0.add_jobs(&edits).await?;
        }
        Ok(())
    }

    async fn worker(url: &str, load: Load, handler: Handler) -> Result<Worker> {
        let options = WorkerOptions::default()
            .schema(SCHEMA)
            .listen_os_shutdown_signals(false)
            .add_extension(handler)
            .define_job::<Edit>();
        let options = match load {
            Load::Backlog => options
                .pg_pool(pool(url, 8).await?)
                .concurrency(16)
                .poll_interval(Duration::from_millis(5))
                .complete_job_batch_delay(Duration::from_millis(5))
                .local_queue(LocalQueueConfig::default().with_size(1000).with_queue_count(4)),
            Load::Idle => options.database_url(url).concurrency(10),
        };
        let worker = Arc::new(options.init().await?);
        let stopped = worker.clone();
        Ok(Worker::new(async move { worker.run().await.context("the worker failed") }, move || {
            stopped.request_shutdown();
        }))
    }
}

protocol::pool!();

#[tokio::main]
async fn main() -> Result<()> {
    protocol::run::<GraphileWorker>().await
}
