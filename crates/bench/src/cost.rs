//! `cost`: statements and write-ahead log of one job, from its POST until a watcher sees it completed.

mod report;
mod round;

use anyhow::ensure;
use clap::{Args, value_parser};
use tokio::time::{Duration, sleep};

use crate::{
    stand::{self, Spec, Stand},
    statements::{Counting, Statistics},
    watching::watch_all,
};
use round::{Round, Totals};

/// How much is measured.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Options {
    /// Jobs of each round
    #[arg(long, default_value_t = 300, value_parser = value_parser!(u16).range(10..=10_000))]
    jobs: u16,
}

/// Jobs at a time, in one round each.
const AT_A_TIME: [u16; 2] = [1, 32];

/// Jobs before those that count, for each client.
const WARM_UP: u16 = 2;

/// How long an edit takes: so short that what time alone costs, such as heartbeats, stays small.
const LATENCY: Duration = Duration::from_millis(20);

/// How long the work that remains after a job's end may take.
const SETTLING: Duration = Duration::from_secs(1);

/// Counts both rounds on one stand.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let spec = Spec { counting: Counting::ByText, latency: LATENCY, edits: 64, ..Spec::default() };
    stand::measure(spec, async |stand| {
        stand.introduce("Cost").await?;
        let mut rounds = Vec::new();
        for at_a_time in AT_A_TIME {
            rounds.push(round(stand, options.jobs, at_a_time).await?);
        }
        report::print(options.jobs, &rounds);
        Ok(())
    })
    .await
}

async fn round(stand: &Stand<'_>, jobs: u16, at_a_time: u16) -> anyhow::Result<Round> {
    let port = stand.api.plan.port;
    watch_all(port, (WARM_UP, 0), at_a_time).await?;
    sleep(SETTLING).await;
    // The first write to a page after a checkpoint costs more. A checkpoint here makes that the same in each round.
    sqlx::raw_sql("/* bench */ checkpoint").execute(stand.pool).await?;
    let before = Totals::read(stand).await?;
    Statistics::begin(stand.pool).await?;
    watch_all(port, (0, jobs), at_a_time).await?;
    sleep(SETTLING).await;
    let statistics = Statistics::read(stand.pool).await?;
    let after = Totals::read(stand).await?;
    ensure!(after.completed - before.completed == i64::from(jobs), "not all jobs were completed");
    Ok(Round::of(jobs, &statistics, before, after))
}
