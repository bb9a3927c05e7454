//! `drain`: how fast one worker process works off many jobs that wait.

use tokio::time::Duration;

use super::{
    Options,
    databases::{self, Database},
    rounds::{Results, cell, interleaved, ratio},
    sides::{self, Kind, Side},
};
use crate::{
    side::{answer::Took, stock},
    table,
};

/// For each step of a side, of which the first is to make the jobs in the side's own way.
const PATIENCE: Duration = Duration::from_secs(90);

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: drain", async |databases| {
        let sides = sides::all(options).await?;
        let one = async |side: &Side, database: &Database| one(side, database, options.jobs).await;
        let results = interleaved(databases, sides, options.rounds, one).await;
        print(options, &results);
        Ok(())
    })
    .await
}

async fn one(side: &Side, database: &Database, jobs: u32) -> anyhow::Result<Took> {
    let jobs = jobs.to_string();
    let _made: Took = side.ask(&database.url, &["bulk", &jobs], PATIENCE).await?;
    stock::vacuum(&database.url).await?;
    side.ask(&database.url, &["drain", &jobs], PATIENCE).await
}

fn print(options: &Options, all: &[Results<Took>]) {
    let rate = |results: &Results<Took>| results.median(Took::rate);
    let of = |kind| all.iter().find(|results| results.side.kind == kind).and_then(rate);
    let (floor, plain) = (of(Kind::Floor), of(Kind::Plain));
    let row = |results: &Results<Took>| {
        let rate = rate(results);
        [results.name(), cell(rate, 0), ratio(rate, floor), ratio(rate, plain)]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let what = format!("{} jobs wait, one worker process", options.jobs);
    table::print([&what, "jobs/s", "÷ our statements", "÷ one table"], &rows);
}
