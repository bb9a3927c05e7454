//! `start`: how soon after its start a role is of use, and its statements, memory and CPU time while it is idle.

use anyhow::{Context, bail};
use darkroom_core::db::Pool;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    footprint::{Footprint, megabytes},
    load::{Connection, milliseconds, percentile},
    request,
    stand::{DATABASE, Ground, NOWHERE, Plan, Role, ground},
    statements::{Counter, Counting},
    table::{self, cell},
};

/// Starts of each role.
const STARTS: usize = 15;

/// How often a starting role is tried.
const LOOK: Duration = Duration::from_millis(1);

/// How long a role may take until it is of use.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a started role gets to settle before its idle state is measured.
const SETTLING: Duration = Duration::from_secs(12);

/// How long statements are counted.
const COUNTED: Duration = Duration::from_secs(30);

/// Connections that PostgreSQL accepts.
const MAX_CONNECTIONS: u16 = 50;

/// Measures API and worker, each alone on a running database.
pub(crate) async fn run() -> anyhow::Result<()> {
    ground::measure(MAX_CONNECTIONS, Counting::InAll, async |ground, pool| {
        ground.introduce("Start and idle", pool, "").await?;
        let counter = Counter::begin(pool).await?;
        let (mut starts, mut idle) = (Vec::new(), Vec::new());
        for (role, until) in [("api", "`GET /ready` answers 200"), ("worker", "it is registered")] {
            starts.push(started(ground, pool, role, until).await?);
            idle.push(idled(ground, pool, counter, role).await?);
        }
        let what = format!("{STARTS} starts, until");
        table::print([&what, "p50 ms", "slowest ms"], &starts);
        let what = format!("nothing to do, over {} s", COUNTED.as_secs());
        table::print([what.as_str(), "statements/s", "resident MB", "CPU ms/s"], &idle);
        Ok(())
    })
    .await
}

async fn started(
    ground: &Ground,
    pool: &Pool,
    role: &'static str,
    until: &str,
) -> anyhow::Result<[String; 3]> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let mut started = start(ground, pool, role).await?;
        times.push(began.elapsed());
        started.kill().await?;
    }
    times.sort_unstable();
    let slowest = *times.last().context("nothing was started")?;
    Ok([
        format!("`darkroom {role}`: {until}"),
        milliseconds(percentile(&times, 50)?),
        milliseconds(slowest),
    ])
}

async fn idled(
    ground: &Ground,
    pool: &Pool,
    counter: Counter,
    role: &'static str,
) -> anyhow::Result<[String; 4]> {
    let mut idle = start(ground, pool, role).await?;
    sleep(SETTLING).await;
    let before = counter.count(pool, DATABASE).await?;
    let busy = Footprint::of(idle.pid()?)?.busy;
    sleep(COUNTED).await;
    let sent =
        counter.count(pool, DATABASE).await?.zip(before).map(|(after, before)| after - before);
    let after = Footprint::of(idle.pid()?)?;
    idle.kill().await?;
    let a_second = |count: f64| count / COUNTED.as_secs_f64();
    Ok([
        format!("`darkroom {role}`"),
        cell(sent.map(|sent| a_second(sent.into())), 2),
        megabytes(after.resident),
        format!("{:.1}", a_second(after.busy.saturating_sub(busy).as_secs_f64() * 1000.0)),
    ])
}

/// Starts a role, and waits until it is of use.
async fn start(ground: &Ground, pool: &Pool, role: &'static str) -> anyhow::Result<Role> {
    sqlx::query("delete from workers").execute(pool).await?;
    let variables = ground.variables(NOWHERE)?;
    let mut started = ground.start(Plan { variables, ..Plan::of(role)? })?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if is_of_use(&started, pool).await? {
            return Ok(started);
        }
        sleep(LOOK).await;
    }
    started.tell_last_words();
    bail!("{role} is not of use within {} s", PATIENCE.as_secs());
}

async fn is_of_use(role: &Role, pool: &Pool) -> anyhow::Result<bool> {
    if role.plan.role == "worker" {
        return Ok(sqlx::query_scalar("select exists (select from workers)")
            .fetch_one(pool)
            .await?);
    }
    let Ok(mut connection) = Connection::open(role.plan.port).await else { return Ok(false) };
    Ok(connection.exchange(&request::get("/ready")).await.is_ok())
}
