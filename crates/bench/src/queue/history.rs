//! `history`: how drains, claims and lists change as the record of finished jobs grows.

use tokio::time::Duration;

use super::{
    Options,
    databases::{self, Database},
    probes::{self, CLAIMED, LISTED},
    rounds::{cell, median, ratio},
    sides::{self, Kind, Side},
};
use crate::{
    side::{
        answer::{Done, Took},
        stock,
    },
    table,
};

/// Finished jobs.
const SIZES: [i64; 5] = [0, 10_000, 100_000, 1_000_000, 10_000_000];

/// For each step of a side.
const PATIENCE: Duration = Duration::from_secs(90);

/// The figures with one number of finished jobs: a value of each round.
#[derive(Default)]
struct Figures {
    /// Jobs a second.
    drain: Vec<f64>,
    /// Milliseconds.
    claim: Vec<f64>,
    /// Milliseconds.
    list: Vec<f64>,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: history", async |databases| {
        let ours = sides::of(Kind::Ours)?;
        let sizes = SIZES.into_iter().filter(|size| options.large || *size <= 1_000_000);
        let mut all = Vec::new();
        for size in sizes {
            let database = databases.make().await?;
            let _made: Done = ours.ask(&database.url, &["setup"], PATIENCE).await?;
            stock::record(&database.pool, 0, size).await?;
            // Now, so that autovacuum need not do it while fewer finished jobs are measured.
            stock::vacuum(&database.url).await?;
            all.push((size, database, Figures::default()));
        }
        for round in 1..=i64::from(options.rounds) {
            for (size, database, figures) in &mut all {
                // Ids of each round are after those of the one before.
                let after = *size + round * 10_000_000;
                one(&ours, database, after, options.jobs, figures).await?;
            }
        }
        let mut rows = Vec::new();
        let mut empty = None;
        for (size, database, figures) in all {
            let [drain, claim, list] = figures.medians()?;
            let [no_drain, no_claim, no_list] = *empty.get_or_insert([drain, claim, list]);
            let over = |value: f64, of| ratio(Some(value), Some(of));
            rows.push([
                size.to_string(),
                cell(Some(drain), 0),
                over(drain, no_drain),
                cell(Some(claim), 2),
                over(claim, no_claim),
                cell(Some(list), 2),
                over(list, no_list),
            ]);
            databases.drop(database).await?;
        }
        let drain = format!("drain of {}, jobs/s", options.jobs);
        let claim = format!("claim of {CLAIMED}, p50 ms");
        let list = format!("list of {LISTED}, p50 ms");
        table::print(["finished jobs", &drain, "÷ none", &claim, "÷ none", &list, "÷ none"], &rows);
        Ok(())
    })
    .await
}

async fn one(
    ours: &Side,
    database: &Database,
    after: i64,
    jobs: u32,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let pool = &database.pool;
    stock::fill(pool, after, jobs).await?;
    stock::vacuum(&database.url).await?;
    let drained: Took = ours.ask(&database.url, &["drain", &jobs.to_string()], PATIENCE).await?;
    figures.drain.push(drained.rate());
    stock::fill(pool, after + i64::from(jobs), probes::JOBS).await?;
    stock::vacuum(&database.url).await?;
    figures.claim.push(probes::claim(pool).await?);
    sqlx::query("delete from queue").execute(pool).await?;
    figures.list.push(probes::list(pool).await?);
    Ok(())
}

impl Figures {
    /// The medians of drain, claim and list.
    fn medians(self) -> anyhow::Result<[f64; 3]> {
        Ok([median(self.drain)?, median(self.claim)?, median(self.list)?])
    }
}
