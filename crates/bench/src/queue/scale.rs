//! `scale`: how fast more and more worker processes work off the same number of jobs.

use anyhow::Context;
use futures_util::future::try_join_all;
use tokio::time::{Duration, Instant, timeout};

use super::{
    Options,
    databases::{self, Database},
    rounds::{cell, median, once, ratio},
    sides::{self, Kind, Running, Side},
};
use crate::{side::stock, table};

/// Worker processes.
const WORKERS: [usize; 5] = [1, 2, 4, 8, 16];

/// How many times the jobs of other benchmarks there are, so that the warm-up of sixteen processes counts little.
const MORE: u32 = 20;

/// For each step.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: more workers", async |databases| {
        let ours = sides::of(Kind::Ours)?;
        let jobs = options.jobs.saturating_mul(MORE);
        let mut rates = WORKERS.map(|_workers| Vec::new());
        for _ in 0..options.rounds {
            for (workers, rates) in WORKERS.into_iter().zip(&mut rates) {
                let together = async |ours: &Side, database: &Database| {
                    together(ours, database, workers, jobs).await
                };
                rates.push(once(databases, &ours, &together).await?);
            }
        }
        let mut medians = Vec::new();
        for rates in rates {
            medians.push(median(rates)?);
        }
        let best = medians.iter().copied().reduce(f64::max);
        let rows: Vec<_> = WORKERS
            .into_iter()
            .zip(medians)
            .map(|(workers, rate)| {
                [workers.to_string(), cell(Some(rate), 0), ratio(Some(rate), best)]
            })
            .collect();
        let what = format!("worker processes that share {jobs} jobs");
        table::print([&what, "jobs/s", "÷ best"], &rows);
        Ok(())
    })
    .await
}

/// Jobs a second, from the moment that all of them are there until none is left.
async fn together(
    ours: &Side,
    database: &Database,
    workers: usize,
    jobs: u32,
) -> anyhow::Result<f64> {
    let starting = (0..workers).map(|_worker| Running::start(ours, &database.url));
    let running = try_join_all(starting).await?;
    stock::fill(&database.pool, 0, jobs).await?;
    let began = Instant::now();
    timeout(PATIENCE, stock::gone(&database.pool)).await.context("jobs are left")??;
    let seconds = began.elapsed().as_secs_f64();
    try_join_all(running.into_iter().map(Running::stop)).await?;
    Ok(f64::from(jobs) / seconds)
}
