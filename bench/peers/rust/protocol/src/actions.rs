//! The actions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::{Handler, Job, Load, Queue, Worker, print};

/// Between the start of a job's work and the next call.
const PAUSE: Duration = Duration::from_millis(20);
/// Jobs before those that count, so that connections and caches are warm.
const WARM_UP: u32 = 5;
/// How often it is asked whether all is acknowledged, once all has run.
const ASK_EVERY: Duration = Duration::from_millis(1);
/// For a worker to end in.
const GRACE: Duration = Duration::from_secs(30);

pub(crate) async fn setup<Q: Queue>(url: &str) -> Result<Value> {
    Q::setup(url).await?;
    Ok(json!({}))
}

pub(crate) async fn enqueue<Q: Queue>(url: &str, jobs: u32, clients: u32) -> Result<Value> {
    let queue = Arc::new(Q::open(url, clients, Load::Backlog).await?);
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::<Result<()>>::new();
    let started = Instant::now();
    for _ in 0..clients {
        let (queue, next) = (queue.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= jobs {
                    return Ok(());
                }
                queue.enqueue(Job::new(number)).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.context("a client died")??;
    }
    Ok(json!({"jobs": jobs, "seconds": started.elapsed().as_secs_f64()}))
}

pub(crate) async fn bulk<Q: Queue>(url: &str, jobs: u32) -> Result<Value> {
    let queue = Q::open(url, 1, Load::Backlog).await?;
    let all = Job::many(jobs);
    let started = Instant::now();
    queue.enqueue_all(all).await?;
    Ok(json!({"jobs": jobs, "seconds": started.elapsed().as_secs_f64()}))
}

pub(crate) async fn drain<Q: Queue>(url: &str, jobs: u32) -> Result<Value> {
    let handler = Handler::new(jobs);
    let database = connect(url).await?;
    let unfinished = database.prepare(Q::UNFINISHED).await?;
    let worker = Q::worker(url, Load::Backlog, handler.clone()).await?;

    let started = Instant::now();
    let worker = Running::start(worker);
    worker.meanwhile(handler.ran(jobs)).await?;
    while database.query_one(&unfinished, &[]).await?.get::<_, bool>(0) {
        sleep(ASK_EVERY).await;
    }
    let seconds = started.elapsed().as_secs_f64();

    worker.stop().await?;
    ensure!(handler.runs() == jobs, "{} runs of {jobs} jobs", handler.runs());
    ensure!((0..jobs).all(|number| handler.began(number).is_some()), "not every job was run");
    Ok(json!({"jobs": jobs, "seconds": seconds}))
}

pub(crate) async fn wake<Q: Queue>(url: &str, jobs: u32) -> Result<Value> {
    let all = WARM_UP + jobs;
    let handler = Handler::new(all);
    let queue = Q::open(url, 1, Load::Idle).await?;
    let worker = Running::start(Q::worker(url, Load::Idle, handler.clone()).await?);
    let mut from_call = Vec::new();
    let mut from_commit = Vec::new();
    for number in 0..all {
        let called = Instant::now();
        queue.enqueue(Job::new(number)).await?;
        let committed = Instant::now();
        worker.meanwhile(handler.ran(number + 1)).await?;
        let began = handler.began(number).context("another job was run")?;
        if number >= WARM_UP {
            from_call.push(milliseconds(began.saturating_duration_since(called)));
            from_commit.push(milliseconds(began.saturating_duration_since(committed)));
        }
        tokio::time::sleep_until((began + PAUSE).into()).await;
    }
    worker.stop().await?;
    ensure!(handler.runs() == all, "{} runs of {all} jobs", handler.runs());
    Ok(json!({"jobs": jobs, "from_call_ms": from_call, "from_commit_ms": from_commit}))
}

/// Idle is what comes after a first job: so it is known that the worker is up.
pub(crate) async fn work<Q: Queue>(url: &str) -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let handler = Handler::new(1);
    let worker = Running::start(Q::worker(url, Load::Idle, handler.clone()).await?);
    let queue = Q::open(url, 1, Load::Idle).await?;
    queue.enqueue(Job::new(0)).await?;
    worker.meanwhile(handler.ran(1)).await?;
    drop(queue);
    let database = connect(url).await?;
    while database.query_one(Q::UNFINISHED, &[]).await?.get::<_, bool>(0) {
        sleep(ASK_EVERY).await;
    }
    drop(database);
    print(&json!({"ready": true}));
    terminated.recv().await;
    worker.stop().await
}

/// A worker at work.
struct Running {
    task: JoinHandle<Result<()>>,
    stop: Box<dyn FnOnce() + Send>,
}

impl Running {
    fn start(worker: Worker) -> Self {
        Self { task: tokio::spawn(worker.run), stop: worker.stop }
    }

    /// Waits for something that happens only if the worker is at work.
    async fn meanwhile(&self, what: impl Future<Output = ()>) -> Result<()> {
        let ended = async {
            while !self.task.is_finished() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            () = what => Ok(()),
            () = ended => bail!("the worker ended by itself"),
        }
    }

    async fn stop(self) -> Result<()> {
        (self.stop)();
        timeout(GRACE, self.task).await.context("the worker does not end")??
    }
}

async fn connect(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
