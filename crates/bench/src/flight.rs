//! `flight`: thousands of requests at the stand-in at once, held by one worker.
//!
//! All jobs wait before the worker starts, so that it takes them as fast as it can. Its statements are counted while
//! all of its requests run. Then all jobs run to their end, and the stand-in's ledger shows that no request was made
//! twice.

mod audit;
mod report;

use anyhow::ensure;
use clap::{Args, value_parser};
use tokio::time::{Duration, Instant, sleep, sleep_until};

use crate::{
    footprint::Footprint,
    load, picture, request,
    stand::{self, Spec},
    statements::{Counting, Statistics},
};
use report::Flight;

/// How much is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Requests in flight at once; may be repeated. By default 100, 1000 and 10000
    #[arg(long, value_parser = value_parser!(u16).range(1..=10_000))]
    jobs: Vec<u16>,
    /// Seconds in which statements are counted
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// Requests that the worker takes in a second at least: sets how long edits take, so that all are in flight at once
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u64).range(1..=10_000))]
    pace: u64,
}

/// A model whose pictures are as large as their originals: thousands of edits cost the stand-in little.
const MODEL: &str = "fal-ai/nano-banana/edit";

/// How many requests are in flight.
const IN_FLIGHT: &str =
    "select count(*) from attempts where submitted_at is not null and ended_at is null";

/// Connections over which jobs are made.
const CONNECTIONS: u16 = 32;

/// Spare time before the first request ends, in addition to the intake and the counting.
const SLACK: Duration = Duration::from_secs(10);

/// How long all jobs may take to end after the first edit has.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long after its start a worker runs, but has no jobs yet.
const BEGINNING: Duration = Duration::from_millis(50);

/// Measures each number of jobs on a stand of its own.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let sizes =
        if options.jobs.is_empty() { vec![100, 1_000, 10_000] } else { options.jobs.clone() };
    println!("\n### Flight");
    let mut flights = Vec::new();
    for jobs in sizes {
        flights.push(fly(options, jobs).await?);
    }
    report::print(&flights, options.seconds);
    Ok(())
}

async fn fly(options: &Options, jobs: u16) -> anyhow::Result<Flight> {
    let intake = Duration::from_secs(u64::from(jobs) / options.pace);
    let counted = Duration::from_secs(options.seconds);
    let latency = intake + counted + SLACK;
    let spec = Spec {
        counting: Counting::ByText,
        latency,
        edits: jobs,
        worker: vec![("WORKER_CONCURRENCY", jobs.to_string())],
        is_worker_held: true,
    };
    stand::measure(spec, async |stand| {
        // All are in the queue before the worker is there.
        let post = request::post_for("/api/jobs", MODEL, &picture::small()?);
        load::burst(stand.api.plan.port, &post.into(), CONNECTIONS, jobs).await?;
        let began = Instant::now();
        let worker = stand.start_worker()?;
        sleep(BEGINNING).await;
        let idle = Footprint::of(worker)?.resident;
        let all = i64::from(jobs);
        stand.reach(IN_FLIGHT, all, latency).await?;
        let intake = began.elapsed();

        // Work that the intake left behind is not to be counted.
        sleep(Duration::from_secs(1)).await;
        let (used, from) = (Footprint::of(worker)?.busy, Instant::now());
        Statistics::begin(stand.pool).await?;
        sleep(counted).await;
        let statistics = Statistics::read(stand.pool).await?;
        let Footprint { resident: held, busy, descriptors, .. } = Footprint::of(worker)?;
        let cpu = busy.saturating_sub(used).as_secs_f64() / from.elapsed().as_secs_f64();
        let still = stand.look(IN_FLIGHT).await?;
        ensure!(still == all, "only {still} of {all} were still in flight: lower --pace");

        let first_end = began + latency;
        sleep_until(first_end).await;
        stand.reach("select count(*) from queue", 0, PATIENCE).await?;
        let drain = first_end.elapsed();
        audit::all(stand, jobs).await?;
        let peak = Footprint::of(worker)?.peak;
        let statements = report::by_step(&statistics);
        Ok(Flight { jobs, intake, idle, held, peak, descriptors, cpu, statements, drain })
    })
    .await
}
