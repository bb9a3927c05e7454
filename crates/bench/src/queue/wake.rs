//! `wake`: how soon a waiting worker begins a new job.

use tokio::time::Duration;

use super::{
    Options,
    databases::{self, Database},
    rounds::{Results, cell, interleaved},
    sides::{self, Kind, Side},
};
use crate::{load::percentile, side::answer::Woke, table};

/// Jobs of a round that count.
const JOBS: u32 = 100;

/// Jobs before those: after them, each connection of a side has made its plans.
const WARMING: u32 = 60;

/// For a round of a side.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: wake-up", async |databases| {
        let mut sides = sides::all(options).await?;
        sides.retain(|side| matches!(side.kind, Kind::Ours | Kind::Peer));
        let results = interleaved(databases, sides, options.rounds, one).await;
        print(options, &results);
        Ok(())
    })
    .await
}

async fn one(side: &Side, database: &Database) -> anyhow::Result<Woke> {
    let jobs = (WARMING + JOBS).to_string();
    let mut woke: Woke = side.ask(&database.url, &["wake", &jobs], PATIENCE).await?;
    for times in [&mut woke.from_call_ms, &mut woke.from_commit_ms] {
        times.drain(..usize::try_from(WARMING)?.min(times.len()));
    }
    Ok(woke)
}

fn print(options: &Options, all: &[Results<Woke>]) {
    let rows: Vec<_> = all
        .iter()
        .map(|results| {
            let sorted = |of: fn(&Woke) -> &[f64]| {
                let mut values: Vec<f64> = results.rounds.iter().flat_map(of).copied().collect();
                values.sort_unstable_by(f64::total_cmp);
                values
            };
            let from_call = sorted(|woke| &woke.from_call_ms);
            let from_commit = sorted(|woke| &woke.from_commit_ms);
            let of = |values: &[f64], percent| cell(percentile(values, percent).ok(), 1);
            [
                results.name(),
                of(&from_call, 50),
                of(&from_call, 99),
                of(&from_commit, 50),
                of(&from_commit, 99),
            ]
        })
        .collect();
    let what = format!(
        "{} jobs, one at a time, after {WARMING} in each round; to the start of the work",
        u32::from(options.rounds) * JOBS
    );
    table::print(
        [&what, "from the call, p50 ms", "p99 ms", "from its return, p50 ms", "p99 ms"],
        &rows,
    );
}
