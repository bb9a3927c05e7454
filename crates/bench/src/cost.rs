//! `cost`: what one job asks of the database from its POST until a watcher sees it completed, and what it leaves in the log.

mod report;
mod round;

use anyhow::ensure;
use clap::{Args, value_parser};
use tokio::time::{Duration, sleep};

use crate::{
    stand::{self, Spec, Stand},
    statements::{Counting, Tally},
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

/// Jobs before those that count, for each that is there at a time.
const WARM_UP: u16 = 2;

/// As short as an edit can be: what time alone costs, a heartbeat for one, is to stay small.
const LATENCY: Duration = Duration::from_millis(20);

/// Until what a job's end left to be done is done.
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
    // What a page costs that is written for the first time since a checkpoint is to be the same each time.
    sqlx::raw_sql("/* bench */ checkpoint").execute(stand.pool).await?;
    let before = Totals::read(stand).await?;
    Tally::begin(stand.pool).await?;
    watch_all(port, (0, jobs), at_a_time).await?;
    sleep(SETTLING).await;
    let tally = Tally::read(stand.pool).await?;
    let after = Totals::read(stand).await?;
    ensure!(after.completed - before.completed == i64::from(jobs), "not all jobs were completed");
    Ok(Round::of(jobs, &tally, before, after))
}
