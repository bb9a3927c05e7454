//! `watchers`: many streams of events on one API process: how soon after a commit each hears of it, and what they cost.
//! A bare server that tells as many is the floor for changes of all at once.

mod changes;
mod crowd;
mod floor;
mod jobs;
mod watcher;

use anyhow::Context;
use darkroom_core::db::Pool;
use rustix::process::{Resource, setrlimit};
use tokio::{
    sync::mpsc,
    time::{Duration, sleep},
};

use crate::{
    footprint::{Footprint, megabytes},
    load::{Connection, milliseconds, percentile, when_it_answers},
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

/// How long the API rests before its memory is read, or all jobs are changed.
const REST: Duration = Duration::from_secs(2);

/// How often all jobs are changed at once.
const ROUNDS: usize = 3;

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
            "p99 ÷ bare",
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
) -> anyhow::Result<[String; 12]> {
    let ids = jobs::fill(&ground.postgres.url()?, pool, jobs).await?;
    let mut api = start(ground, watchers).await?;
    sleep(REST).await;
    let idle = Footprint::of(api.pid()?)?;

    let (sender, mut told) = mpsc::unbounded_channel();
    let paths = ids.iter().map(|id| format!("/api/jobs/{id}"));
    let events = paths.clone().map(|path| path + "/events").cycle().take(watchers);
    let watching = crowd::watch(api.plan.port, events, &sender).await;
    let watching = watching.inspect_err(|_error| api.tell_last_words())?;
    sleep(REST).await;
    let watched = Footprint::of(api.pid()?)?;

    let mut steady = Changes::one_by_one(pool, &ids).await?;
    steady.heard(&mut told, watchers / jobs).await;
    let busy = Footprint::of(api.pid()?)?.busy.saturating_sub(watched.busy);
    let share = 100.0 * busy.as_secs_f64() / steady.took.as_secs_f64();
    let (mut rounds, mut untold) = (Vec::new(), steady.untold);
    for _ in 0..ROUNDS {
        sleep(REST).await;
        let mut at_once = Changes::all_at_once(pool).await?;
        at_once.heard(&mut told, watchers / jobs).await;
        untold += at_once.untold;
        rounds.push(at_once.delays);
    }
    let after = Footprint::of(api.pid()?)?;
    let bytes = job_bytes(api.plan.port, paths).await?;
    // The watchers end with it, and make room for those of the floor.
    drop(watching);
    api.kill().await?;
    let bare = floor::all_at_once(ground, watchers, bytes).await?;

    steady.delays.sort_unstable();
    let at_once = middle(rounds)?;
    let each = f64::from(watched.resident - idle.resident) / f64::from(u32::try_from(watchers)?);
    let of = |delays: &[Duration], percent| anyhow::Ok(milliseconds(percentile(delays, percent)?));
    let beside = percentile(&at_once, 99)?.as_secs_f64() / percentile(&bare, 99)?.as_secs_f64();
    Ok([
        format!("{watchers} watchers, {jobs} jobs"),
        of(&steady.delays, 50)?,
        of(&steady.delays, 99)?,
        of(&at_once, 50)?,
        of(&at_once, 99)?,
        format!("{beside:.2}"),
        untold.to_string(),
        megabytes(idle.resident),
        megabytes(watched.resident),
        megabytes(after.peak),
        format!("{each:.1}"),
        format!("{share:.0}"),
    ])
}

/// The delays of the round in the middle, by its p99, in ascending order.
fn middle(mut rounds: Vec<Vec<Duration>>) -> anyhow::Result<Vec<Duration>> {
    for delays in &mut rounds {
        delays.sort_unstable();
    }
    rounds.sort_by_key(|delays| percentile(delays, 99).ok());
    let middle = rounds.len() / 2;
    rounds.into_iter().nth(middle).context("nothing was measured")
}

/// How many bytes a job's answer has, which is what an event says.
async fn job_bytes(port: u16, mut paths: impl Iterator<Item = String>) -> anyhow::Result<usize> {
    let path = paths.next().context("nothing is watched")?;
    Ok(Connection::open(port).await?.exchange(&request::get(&path)).await?.len())
}

async fn start(ground: &Ground, watchers: usize) -> anyhow::Result<Role> {
    let mut variables = ground.variables(NOWHERE)?;
    // More than needed: the API divides the limit evenly among its threads, but connections are not spread evenly.
    variables.push(("MAX_CONNECTIONS", (4 * watchers + 1_000).to_string()));
    let api = ground.start(Plan { variables, ..Plan::of("api")? })?;
    when_it_answers(api.plan.port, &request::get("/ready")).await?;
    Ok(api)
}
