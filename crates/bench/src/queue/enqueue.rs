//! `enqueue`: how fast jobs are made, by clients that each make one after the other, and in bulk.

use tokio::time::Duration;

use super::{
    Options,
    databases::{self, Database},
    rounds::{Results, cell, interleaved, ratio},
    sides::{self, Kind, Side},
};
use crate::{side::answer::Took, table};

/// Jobs made one after the other.
const SINGLE: u32 = 6_000;

/// Clients that make them.
const CLIENTS: u32 = 8;

/// For each step of a side.
const PATIENCE: Duration = Duration::from_mins(1);

/// A side's results.
struct Made {
    single: Took,
    bulk: Took,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: enqueue", async |databases| {
        let mut sides = sides::all(options).await?;
        sides.retain(|side| side.kind != Kind::Plain);
        if let Some(ours) = sides.iter().position(|side| side.kind == Kind::Ours) {
            sides.insert(ours + 1, sides::of(Kind::Alone)?);
        }
        for floor in sides.iter_mut().filter(|side| side.kind == Kind::Floor) {
            "bare insert".clone_into(&mut floor.name);
        }
        let one = async |side: &Side, database: &Database| one(side, database, options.jobs).await;
        let results = interleaved(databases, sides, options.rounds, one).await;
        print(options, &results);
        Ok(())
    })
    .await
}

async fn one(side: &Side, database: &Database, jobs: u32) -> anyhow::Result<Made> {
    let (single, clients) = (SINGLE.to_string(), CLIENTS.to_string());
    let single = side.ask(&database.url, &["enqueue", &single, &clients], PATIENCE).await?;
    let bulk = side.ask(&database.url, &["bulk", &jobs.to_string()], PATIENCE).await?;
    Ok(Made { single, bulk })
}

fn print(options: &Options, all: &[Results<Made>]) {
    let single = |results: &Results<Made>| results.median(|made| made.single.rate());
    let bulk = |results: &Results<Made>| results.median(|made| made.bulk.rate());
    let floor = all.iter().find(|results| results.side.kind == Kind::Floor);
    let rows: Vec<_> = all
        .iter()
        .map(|results| {
            let (one, many) = (single(results), bulk(results));
            [
                results.name(),
                cell(one, 0),
                ratio(one, floor.and_then(single)),
                cell(many, 0),
                ratio(many, floor.and_then(bulk)),
            ]
        })
        .collect();
    let what = format!("{SINGLE} jobs by {CLIENTS} clients; {} in bulk", options.jobs);
    table::print([&what, "one after the other, jobs/s", "÷ bare", "bulk, jobs/s", "÷ bare"], &rows);
}
