//! `flight`: thousands of requests at the stand-in at once, held by one worker.
//!
//! All jobs wait before the worker starts, so that it takes them as fast as it can. What it asks of the database is counted
//! while all of its requests run; then all are seen to their end, and the stand-in's own ledger says that none was made twice.

mod audit;

use anyhow::ensure;
use clap::{Args, value_parser};
use tokio::time::{Duration, Instant, sleep};

use crate::{
    counted::{self, Counted, Step, Tally, Wishes},
    footprint::{Footprint, megabytes},
    load, picture, request, table,
};

/// How much is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Requests in flight at once; may be said again. 100, 1000 and 10000, unless said
    #[arg(long, value_parser = value_parser!(u16).range(1..=10_000))]
    jobs: Vec<u16>,
    /// Seconds in which statements are counted
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// Requests that the worker takes in a second at least: an edit takes so long that all of them are in flight
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u64).range(1..=10_000))]
    pace: u64,
}

/// A model whose pictures are as large as their originals: thousands of edits cost the stand-in little.
const MODEL: &str = "fal-ai/nano-banana/edit";

/// Connections over which jobs are made.
const CONNECTIONS: u16 = 32;

/// Before the first request ends, beside the time for all that comes before.
const SLACK: Duration = Duration::from_secs(10);

/// After the last edit, until all jobs have ended.
const PATIENCE: Duration = Duration::from_mins(5);

const POLL: Duration = Duration::from_millis(200);

/// Until a worker has begun, and has no jobs yet.
const BEGINNING: Duration = Duration::from_millis(50);

/// What a flight came to.
struct Flight {
    jobs: u16,
    intake: Duration,
    /// Memory in kB: before the jobs, with all in flight, and the most until the end.
    idle: u32,
    held: u32,
    peak: u32,
    descriptors: usize,
    /// Of one core, while all are in flight.
    cpu: f64,
    statements: Vec<(Step, i64)>,
    drain: Duration,
}

/// Measures each number of jobs on a stand of its own.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let sizes =
        if options.jobs.is_empty() { vec![100, 1_000, 10_000] } else { options.jobs.clone() };
    let mut flights = Vec::new();
    for jobs in sizes {
        flights.push(fly(options, jobs).await?);
    }
    let what = format!("in flight at once, one worker; counted for {} s", options.seconds);
    let rows: Vec<_> = flights.iter().map(|flight| flight.row(options)).collect();
    println!("\n### Flight");
    table::print(
        [
            &what,
            "taken in s",
            "idle MB",
            "all in flight MB",
            "peak MB",
            "descriptors",
            "CPU %",
            "statements/s",
            "without claims and settles",
            "ended in s",
        ],
        &rows,
    );
    for flight in &flights {
        let what = format!("statements with {} in flight", flight.jobs);
        let row = |(step, calls): &(Step, i64)| {
            [format!("{}: {}", step.who, step.what), per_second(*calls, options)]
        };
        let rows: Vec<_> = flight.statements.iter().map(row).collect();
        table::print([&what, "statements/s"], &rows);
    }
    println!(
        "\nNone lost: every job completed. None twice: the stand-in had one request for each."
    );
    Ok(())
}

async fn fly(options: &Options, jobs: u16) -> anyhow::Result<Flight> {
    let intake = Duration::from_secs(u64::from(jobs) / options.pace);
    let counted = Duration::from_secs(options.seconds);
    let wishes = Wishes {
        latency: intake + counted + SLACK,
        edits: jobs,
        worker: vec![("WORKER_CONCURRENCY", jobs.to_string())],
    };
    counted::measure(&wishes, async |stand| {
        make(stand, jobs).await?;
        let began = Instant::now();
        let worker = stand.start_worker()?;
        sleep(BEGINNING).await;
        let idle = Footprint::of(worker)?.resident;
        let all = i64::from(jobs);
        wait(stand, "are in flight", wishes.latency, async |stand| {
            Ok(in_flight(stand).await? == all)
        })
        .await?;
        let intake = began.elapsed();

        // Let what the intake left behind be over.
        sleep(Duration::from_secs(1)).await;
        let (used, from) = (Footprint::of(worker)?.busy, Instant::now());
        Tally::begin(&stand.pool).await?;
        sleep(counted).await;
        let tally = Tally::read(&stand.pool).await?;
        let Footprint { resident: held, busy, descriptors, .. } = Footprint::of(worker)?;
        let cpu = busy.saturating_sub(used).as_secs_f64() / from.elapsed().as_secs_f64();
        let still = in_flight(stand).await?;
        ensure!(still == all, "only {still} of {all} were still in flight: lower --pace");

        let first_end = began + wishes.latency;
        tokio::time::sleep_until(first_end).await;
        wait(stand, "have ended", PATIENCE, async |stand| {
            Ok(stand.look("select count(*) from queue").await? == 0)
        })
        .await?;
        let drain = first_end.elapsed();
        audit::all(stand, jobs).await?;
        let peak = Footprint::of(worker)?.peak;
        let statements = by_step(&tally);
        Ok(Flight { jobs, intake, idle, held, peak, descriptors, cpu, statements, drain })
    })
    .await
}

/// All are in the queue before the worker is there.
async fn make(stand: &Counted, jobs: u16) -> anyhow::Result<()> {
    let post = request::post_for("/api/jobs", MODEL, &picture::small()?);
    load::burst(stand.api.plan.port, &post.into(), CONNECTIONS, jobs).await
}

async fn in_flight(stand: &Counted) -> anyhow::Result<i64> {
    stand
        .look("select count(*) from attempts where submitted_at is not null and ended_at is null")
        .await
}

async fn wait(
    stand: &Counted,
    what: &str,
    patience: Duration,
    done: impl AsyncFn(&Counted) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let until = Instant::now() + patience;
    while !done(stand).await? {
        ensure!(Instant::now() < until, "not all jobs {what} within {} s", patience.as_secs());
        sleep(POLL).await;
    }
    Ok(())
}

/// The most frequent first.
fn by_step(tally: &Tally) -> Vec<(Step, i64)> {
    let mut steps: Vec<(Step, i64)> = Vec::new();
    for entry in tally.sent() {
        let step = Step::of(entry);
        match steps.iter_mut().find(|(known, _calls)| *known == step) {
            Some((_step, calls)) => *calls += entry.calls,
            None => steps.push((step, entry.calls)),
        }
    }
    steps.sort_by_key(|(_step, calls)| std::cmp::Reverse(*calls));
    steps
}

fn per_second(calls: i64, options: &Options) -> String {
    let calls = u32::try_from(calls).map_or(f64::MAX, f64::from);
    let seconds = Duration::from_secs(options.seconds).as_secs_f64();
    format!("{:.2}", calls / seconds)
}

impl Flight {
    fn row(&self, options: &Options) -> [String; 10] {
        let all: i64 = self.statements.iter().map(|(_step, calls)| calls).sum();
        let jobs = self.statements.iter().filter(|(step, _calls)| step.is_of_a_job());
        let of_jobs: i64 = jobs.map(|(_step, calls)| calls).sum();
        [
            self.jobs.to_string(),
            format!("{:.1}", self.intake.as_secs_f64()),
            megabytes(self.idle),
            megabytes(self.held),
            megabytes(self.peak),
            self.descriptors.to_string(),
            format!("{:.0}", self.cpu * 100.0),
            per_second(all, options),
            per_second(all - of_jobs, options),
            format!("{:.1}", self.drain.as_secs_f64()),
        ]
    }
}
