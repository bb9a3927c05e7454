//! `history`: a record of finished jobs that grows, and what that costs those that wait.

use darkroom_core::{
    db::Pool,
    queue,
    store::{self, Page},
};
use tokio::time::{Duration, Instant};

use super::{
    Options,
    ground::{self, Database},
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
const SIZES: [i64; 3] = [0, 1_000_000, 10_000_000];

/// Jobs of a claim whose time is taken.
const CLAIMED: usize = 20;

/// Claims of a round.
const CLAIMS: u32 = 100;

/// Jobs of a list.
const LISTED: u16 = 50;

/// Lists of a round.
const LISTS: usize = 200;

/// For each step of a side.
const PATIENCE: Duration = Duration::from_secs(90);

/// With so many finished jobs; one value of each round.
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
    ground::measure("History", async |ground| {
        let ours = sides::of(Kind::Ours)?;
        let sizes = SIZES.into_iter().filter(|size| options.large || *size <= 1_000_000);
        let mut all = Vec::new();
        for size in sizes {
            let database = ground.database().await?;
            let _made: Done = ours.ask(&database.url, &["setup"], PATIENCE).await?;
            stock::record(&database.pool, 0, size).await?;
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
            ground.drop(database).await?;
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
    stock::settle(pool).await?;
    let drained: Took = ours.ask(&database.url, &["drain", &jobs.to_string()], PATIENCE).await?;
    figures.drain.push(drained.rate());
    figures.claim.push(claim(pool, after + i64::from(jobs)).await?);
    figures.list.push(list(pool).await?);
    Ok(())
}

/// The median of many claims, in milliseconds.
async fn claim(pool: &Pool, after: i64) -> anyhow::Result<f64> {
    let jobs = CLAIMS * u32::try_from(CLAIMED)?;
    stock::fill(pool, after, jobs).await?;
    stock::settle(pool).await?;
    let worker = queue::register(pool, "claims").await?;
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        let began = Instant::now();
        let claims = queue::claim(pool, worker, CLAIMED).await?;
        times.push(milliseconds(began));
        anyhow::ensure!(claims.jobs.len() == CLAIMED, "a claim found too little");
    }
    queue::release(pool, worker).await?;
    sqlx::query("delete from queue").execute(pool).await?;
    median(times)
}

/// The median of many lists, in milliseconds.
async fn list(pool: &Pool) -> anyhow::Result<f64> {
    let page = Page { before: None, limit: LISTED };
    let mut times = Vec::new();
    for _ in 0..LISTS {
        let began = Instant::now();
        let jobs = store::list(pool, page).await?;
        times.push(milliseconds(began));
        anyhow::ensure!(jobs.len() == usize::from(LISTED), "a list is too short");
    }
    median(times)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

impl Figures {
    /// Of drain, claim and list.
    fn medians(self) -> anyhow::Result<[f64; 3]> {
        Ok([median(self.drain)?, median(self.claim)?, median(self.list)?])
    }
}
