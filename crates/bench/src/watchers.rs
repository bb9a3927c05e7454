//! `watchers`: many streams of events on one API process: how soon after a commit each hears of it, and what they cost.

mod changes;
mod crowd;
mod jobs;
mod watcher;

use darkroom_core::db::Pool;
use rustix::process::{Resource, setrlimit};
use tokio::{
    sync::mpsc,
    time::{Duration, sleep},
};

use crate::{
    footprint::{Footprint, megabytes},
    load::{milliseconds, percentile, when_it_answers},
    request,
    stand::{Ground, NOWHERE, Plan, Role, ground},
    statements::Counting,
    table,
};
use changes::Changes;

/// Watchers, and jobs that they share.
const STEPS: [(usize, usize); 4] = [(100, 100), (1_000, 1_000), (10_000, 10_000), (10_000, 1_000)];

/// Connections that PostgreSQL accepts.
const MAX_CONNECTIONS: u16 = 50;

/// How long the API rests before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures step by step, each with an API of its own.
pub(crate) async fn run() -> anyhow::Result<()> {
    let most = STEPS.map(|(watchers, _jobs)| watchers).into_iter().max().unwrap_or_default();
    let usual = crowd::raise_limit(most)?;
    let measured = ground::measure(MAX_CONNECTIONS, Counting::Nothing, async |ground, pool| {
        let pace =
            format!(" One API process, {} ms between two commits.", changes::INTERVAL.as_millis());
        ground.introduce("Watchers", pool, &pace).await?;
        let mut rows = Vec::new();
        for (watchers, jobs) in STEPS {
            rows.push(step(ground, pool, watchers, jobs).await?);
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
    })
    .await;
    setrlimit(Resource::Nofile, usual)?;
    measured
}

async fn step(
    ground: &Ground,
    pool: &Pool,
    watchers: usize,
    jobs: usize,
) -> anyhow::Result<[String; 11]> {
    let ids = jobs::fill(&ground.postgres.url()?, pool, jobs).await?;
    let mut api = start(ground, watchers).await?;
    sleep(REST).await;
    let idle = Footprint::of(api.pid()?)?;

    let (sender, mut told) = mpsc::unbounded_channel();
    let watching = crowd::watch(api.plan.port, &ids, watchers, &sender).await;
    let _watching = watching.inspect_err(|_error| api.tell_last_words())?;
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
    let mut variables = ground.variables(NOWHERE)?;
    // More than needed: the API divides the limit evenly among its threads, but connections are not spread evenly.
    variables.push(("MAX_CONNECTIONS", (4 * watchers + 1_000).to_string()));
    let api = ground.start(Plan { variables, ..Plan::of("api")? })?;
    when_it_answers(api.plan.port, &request::get("/ready")).await?;
    Ok(api)
}
