//! Darkroom as a side: its real worker, which does everything for a job except the edit.

mod make;
mod working;

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use darkroom_core::{
    config::Config,
    db::{self, Pool},
    queue::Waker,
    store::Intake,
};
use tokio::time::sleep;

use super::{
    Action,
    answer::{Done, Identity, Ready, Took, Woke},
    say, stock,
};
use crate::stand;
use working::Working;

/// From the start of the work on a job until the next one is made.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a job may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// Jobs that are made at a time, in bulk.
const BULK_CLIENTS: u32 = 1_000;

/// The same, if each job has its own transaction: more at a time would only wait for one another.
const ALONE_CLIENTS: u32 = 16;

/// Connections on which jobs are made that share transactions.
const CONNECTIONS: u32 = 8;

/// Answers a question. The settings are Darkroom's own, from the environment.
pub(super) async fn act(action: Action) -> anyhow::Result<()> {
    let config = Config::load()?;
    match action {
        Action::Setup => {
            let pool = connect(&config, 1)?;
            db::migrate(&pool).await?;
            say(&Done {})
        }
        Action::Enqueue { jobs, clients } => say(&enqueue(&config, jobs, clients).await?),
        Action::Bulk { jobs } => say(&enqueue(&config, jobs, BULK_CLIENTS).await?),
        Action::Drain { jobs } => say(&drain(&config, jobs).await?),
        Action::Wake { jobs } => say(&wake(&config, jobs).await?),
        Action::Work => work(&config).await,
        Action::Version => say(&Identity {
            name: "Darkroom".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: format!(
                "WORKER_CONCURRENCY={}, DATABASE_MAX_CONNECTIONS={}",
                config.worker.concurrency, config.database.max_connections
            ),
        }),
    }
}

/// The same, with each job made in its own transaction.
pub(super) async fn act_alone(action: Action) -> anyhow::Result<()> {
    let config = Config::load()?;
    match action {
        Action::Enqueue { jobs, clients } => say(&enqueue_alone(&config, jobs, clients).await?),
        Action::Bulk { jobs } => say(&enqueue_alone(&config, jobs, ALONE_CLIENTS).await?),
        Action::Setup | Action::Version => act(action).await,
        other => bail!("{other:?} makes no jobs"),
    }
}

pub(super) fn connect(config: &Config, connections: u32) -> anyhow::Result<Pool> {
    let url = config.database.url.as_ref().context("DATABASE_URL is not set")?;
    Ok(db::connect(url, connections)?)
}

async fn enqueue(config: &Config, jobs: u32, clients: u32) -> anyhow::Result<Took> {
    let pool = connect(config, clients.min(CONNECTIONS))?;
    stock::warm(&pool).await?;
    let intake = Intake::new(pool.clone(), Waker::new(pool));
    let began = Instant::now();
    make::many(jobs, clients, move || {
        let intake = intake.clone();
        async move { make::one(&intake).await }
    })
    .await?;
    Ok(Took { jobs, seconds: began.elapsed().as_secs_f64() })
}

async fn enqueue_alone(config: &Config, jobs: u32, clients: u32) -> anyhow::Result<Took> {
    let pool = connect(config, clients)?;
    stock::warm(&pool).await?;
    let waker = Waker::new(pool.clone());
    let began = Instant::now();
    make::many(jobs, clients, move || {
        let (pool, waker) = (pool.clone(), waker.clone());
        async move { make::one_alone(&pool, &waker).await }
    })
    .await?;
    Ok(Took { jobs, seconds: began.elapsed().as_secs_f64() })
}

async fn drain(config: &Config, jobs: u32) -> anyhow::Result<Took> {
    let pool = connect(config, config.database.max_connections)?;
    stock::warm(&pool).await?;
    let began = Instant::now();
    let working = Working::start(config, pool)?;
    working.has_completed(jobs).await?;
    let seconds = began.elapsed().as_secs_f64();
    working.stop().await?;
    Ok(Took { jobs, seconds })
}

/// Worker and enqueuer share a process, and with it the clock, but no pool.
async fn wake(config: &Config, jobs: u32) -> anyhow::Result<Woke> {
    let api = connect(config, config.database.max_connections)?;
    let intake = Intake::new(api.clone(), Waker::new(api.clone()));
    let mut working = Working::start(config, connect(config, config.database.max_connections)?)?;
    working.is_registered(&api).await?;
    let mut woke = Woke { jobs, ..Woke::default() };
    for _ in 0..jobs {
        sleep(PAUSE).await;
        let called = Instant::now();
        make::one(&intake).await?;
        let committed = Instant::now();
        let Ok(begun) = tokio::time::timeout(PATIENCE, working.next()).await else {
            bail!("a job was not begun within {} s", PATIENCE.as_secs());
        };
        let begun = begun?;
        let milliseconds = |since: Instant| begun.duration_since(since).as_secs_f64() * 1000.0;
        woke.from_call_ms.push(milliseconds(called));
        woke.from_commit_ms.push(milliseconds(committed));
    }
    working.stop().await?;
    Ok(woke)
}

async fn work(config: &Config) -> anyhow::Result<()> {
    let pool = connect(config, config.database.max_connections)?;
    let working = Working::start(config, pool.clone())?;
    working.is_registered(&pool).await?;
    say(&Ready { ready: true })?;
    // The error only says that it was told to stop, which is what it waited for.
    drop(stand::interrupted().await);
    working.stop().await
}
