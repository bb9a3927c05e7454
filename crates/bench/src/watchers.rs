//! `watchers`: many streams of events on one API process: how soon after a commit each is told, and what they take.

mod changes;
mod jobs;
mod watcher;

use std::sync::Arc;

use anyhow::{Context, ensure};
use darkroom_core::db::{self, Pool};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::ExposeSecret;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use crate::{
    footprint::{Footprint, megabytes},
    load::{milliseconds, percentile, when_it_answers},
    request,
    stand::{Ground, Plan, Role, interrupted},
    table,
};
use changes::Changes;
use watcher::Told;

/// Watchers, and jobs that they share.
const STEPS: [(usize, usize); 4] = [(100, 100), (1_000, 1_000), (10_000, 10_000), (10_000, 1_000)];

/// Watchers that connect at a time: more than the server's backlog has room for would have to try again.
const AT_A_TIME: usize = 100;

/// Connections that PostgreSQL accepts.
const MAX_CONNECTIONS: u16 = 50;

/// Descriptors beside those of the watchers.
const OTHER_DESCRIPTORS: u64 = 200;

/// How long a watcher may take until it is told how its job stands.
const PATIENCE: Duration = Duration::from_secs(20);

/// Before memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// Measures step by step, each with an API of its own.
pub(crate) async fn run() -> anyhow::Result<()> {
    raise_limit()?;
    let ground = Ground::prepare(MAX_CONNECTIONS).await?;
    let pool = db::connect(&ground.postgres.url()?, 4)?;
    let measuring = async {
        let postgres = ground.postgres.describe(&pool).await?;
        println!(
            "\n### Watchers\n\n{postgres} One API process, {} ms between two commits.",
            changes::INTERVAL.as_millis()
        );
        let mut rows = Vec::new();
        for (watchers, jobs) in STEPS {
            rows.push(step(&ground, &pool, watchers, jobs).await?);
        }
        let heads = [
            "GET /api/jobs/{id}/events",
            "p50 ms",
            "p99 ms",
            "all at once: p50 ms",
            "p99 ms",
            "not told",
            "idle MB",
            "watched MB",
            "peak MB",
            "kB each",
            "CPU %",
        ];
        table::print(heads, &rows);
        Ok(())
    };
    let outcome = tokio::select! {
        outcome = measuring => outcome,
        interrupted = interrupted() => Err(interrupted),
    };
    pool.close().await;
    ground.clear().await?;
    outcome
}

async fn step(
    ground: &Ground,
    pool: &Pool,
    watchers: usize,
    jobs: usize,
) -> anyhow::Result<[String; 11]> {
    let ids = jobs::fill(pool, jobs).await?;
    let mut api = start(ground, watchers).await?;
    sleep(REST).await;
    let idle = Footprint::of(api.pid()?)?;

    let (sender, mut told) = mpsc::unbounded_channel();
    let watching = watch(api.plan.port, &ids, watchers, &sender).await;
    let _watching = watching.with_context(|| api.last_words())?;
    sleep(REST).await;
    let watched = Footprint::of(api.pid()?)?;

    let mut steady = Changes::one_by_one(pool, &ids).await?;
    steady.heard(&mut told, watchers / jobs).await;
    let busy = Footprint::of(api.pid()?)?.busy.saturating_sub(watched.busy);
    let share = 100.0 * busy.as_secs_f64() / steady.took.as_secs_f64();
    let mut at_once = Changes::all_at_once(pool).await?;
    at_once.heard(&mut told, watchers / jobs).await;
    let after = Footprint::of(api.pid()?)?;
    api.kill().await?;

    steady.delays.sort_unstable();
    at_once.delays.sort_unstable();
    let each = f64::from(watched.resident - idle.resident) / f64::from(u32::try_from(watchers)?);
    let of = |changes: &Changes, percent| {
        anyhow::Ok(milliseconds(percentile(&changes.delays, percent)?))
    };
    Ok([
        format!("{watchers} watchers, {jobs} jobs"),
        of(&steady, 50)?,
        of(&steady, 99)?,
        of(&at_once, 50)?,
        of(&at_once, 99)?,
        (steady.untold + at_once.untold).to_string(),
        megabytes(idle.resident),
        megabytes(watched.resident),
        megabytes(after.peak),
        format!("{each:.1}"),
        format!("{share:.0}"),
    ])
}

async fn start(ground: &Ground, watchers: usize) -> anyhow::Result<Role> {
    let variables = vec![
        ("DATABASE_URL", ground.postgres.url()?.expose_secret().to_owned()),
        // Each thread has its share, and does not get the same number of them.
        ("MAX_CONNECTIONS", (4 * watchers + 1_000).to_string()),
    ];
    let api = ground.start(Plan { variables, ..Plan::of("api")? })?;
    when_it_answers(api.plan.port, &request::get("/ready")).await?;
    Ok(api)
}

/// Has all of them watch, and answers when each has been told how its job stands.
async fn watch(
    port: u16,
    ids: &[String],
    watchers: usize,
    told: &mpsc::UnboundedSender<Told>,
) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut watching = JoinSet::new();
    let (begun, mut begins) = mpsc::channel(AT_A_TIME);
    let mut under_way = 0;
    for id in ids.iter().cycle().take(watchers) {
        if under_way == AT_A_TIME {
            first_told(&mut begins, &mut watching).await?;
            under_way -= 1;
        }
        let request: Arc<[u8]> = request::get(&format!("/api/jobs/{id}/events")).into();
        watching.spawn(watcher::watch(port, request, begun.clone(), told.clone()));
        under_way += 1;
    }
    for _ in 0..under_way {
        first_told(&mut begins, &mut watching).await?;
    }
    Ok(watching)
}

/// Waits until one more is told; a watcher ends by itself only if it fails.
async fn first_told(
    begins: &mut mpsc::Receiver<()>,
    watching: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        begun = timeout(PATIENCE, begins.recv()) => {
            begun.context("a watcher is not told how its job stands")?.context("no watcher is left")
        }
        Some(ended) = watching.join_next() => ended?,
    }
}

/// A connection takes a descriptor here and one at least in the API, which takes this process's limit over.
fn raise_limit() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let most = STEPS.iter().map(|(watchers, _jobs)| *watchers).max().unwrap_or_default();
    let needed = u64::try_from(most)? + OTHER_DESCRIPTORS;
    ensure!(
        maximum.is_none_or(|maximum| maximum >= needed),
        "{needed} open files are needed: raise the hard limit, with ulimit -Hn"
    );
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(())
}
