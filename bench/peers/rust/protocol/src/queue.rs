//! What a queue has to be able to do.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use anyhow::Result;

use crate::{Handler, Job};

/// What a worker has to be good at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Many jobs wait already.
    Backlog,
    /// Jobs come one at a time.
    Idle,
}

/// A queue, opened by somebody who enqueues.
pub trait Queue: Sized + Send + Sync + 'static {
    /// The package on crates.io.
    const PACKAGE: &'static str;
    /// How it is set up for each action, in one short line.
    const SETTINGS: &'static str;
    /// SQL that answers with whether there is a job that is not acknowledged.
    const UNFINISHED: &'static str;

    /// Makes the schema in an empty database.
    fn setup(url: &str) -> impl Future<Output = Result<()>>;

    /// Opens it with so many connections, for jobs that a worker for this load is to find.
    fn open(url: &str, connections: u32, load: Load) -> impl Future<Output = Result<Self>> + Send;

    /// Adds a job, in a transaction of its own.
    fn enqueue(&self, job: Job) -> impl Future<Output = Result<()>> + Send;

    /// Adds many jobs in the best way that its documents name.
    fn enqueue_all(&self, jobs: Vec<Job>) -> impl Future<Output = Result<()>> + Send;

    /// Makes a worker, whose pool is up, and which does not work yet.
    fn worker(
        url: &str,
        load: Load,
        handler: Handler,
    ) -> impl Future<Output = Result<Worker>> + Send;
}

type Run = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A worker that waits to be started.
pub struct Worker {
    pub(crate) run: Run,
    pub(crate) stop: Box<dyn FnOnce() + Send>,
}

impl Worker {
    /// From what works until it is told to `stop`.
    pub fn new(
        run: impl Future<Output = Result<()>> + Send + 'static,
        stop: impl FnOnce() + Send + 'static,
    ) -> Self {
        Self { run: Box::pin(run), stop: Box::new(stop) }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// Defines `pool`, with the version of `sqlx` that the queue needs.
#[macro_export]
macro_rules! pool {
    () => {
        /// A pool whose connections are all open.
        async fn pool(url: &str, connections: u32) -> ::anyhow::Result<::sqlx::PgPool> {
            let options = ::sqlx::postgres::PgPoolOptions::new().max_connections(connections);
            let pool = options.connect(url).await?;
            let mut held = Vec::new();
            for _ in 0..connections {
                held.push(pool.acquire().await?);
            }
            drop(held);
            Ok(pool)
        }
    };
}
