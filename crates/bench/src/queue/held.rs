//! `held`: what it costs when a transaction stays open, as a backup's or a forgotten session's does, and keeps dead
//! rows from being vacuumed.

use anyhow::{Context, ensure};
use tokio::time::{Duration, Instant, timeout};

use super::{
    Options,
    databases::{self, Database},
    rounds::{Results, cell, interleaved, ratio},
    sides::{self, Kind, Running, Side},
};
use crate::{
    side::{answer::Took, stock},
    table,
};

/// Jobs that come and go at a time.
const BATCH: u32 = 5_000;

/// The number of a transaction, which no other has.
const NUMBER: &str = "select pg_current_xact_id()::text";

/// A fifth: before the transaction begins, jobs come and go for a fifth of the time; the last fifth of the drains
/// while it is open is compared with that.
const FIFTHS: u32 = 5;

/// For each step of a side.
const PATIENCE: Duration = Duration::from_mins(1);

/// The peer that is measured, too, where it is installed: a fast one, which deletes what is done.
const PEER: &str = "graphile-worker-rs";

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: a transaction that stays open", async |databases| {
        let mut sides = sides::all(options).await?;
        sides.retain(|side| match side.kind {
            Kind::Ours | Kind::Plain => true,
            Kind::Floor | Kind::Alone => false,
            Kind::Peer => side.name == PEER,
        });
        let time = options.open_for();
        let load = async |side: &Side, database: &Database| load(side, database, time).await;
        let results = interleaved(databases, sides, 1, load).await;
        let rows: Vec<_> = results.iter().map(row).collect();
        let what = format!("{BATCH} jobs come and go, again and again, for {} s", time.as_secs());
        table::print(
            [
                &what,
                "jobs in all",
                "before, jobs/s",
                "last fifth of the drains, jobs/s",
                "÷ before",
            ],
            &rows,
        );
        Ok(())
    })
    .await
}

/// The rates of drains, in their order.
struct Rates {
    /// Before the transaction began.
    before: Vec<f64>,
    /// While it was open.
    during: Vec<f64>,
}

async fn load(side: &Side, database: &Database, time: Duration) -> anyhow::Result<Rates> {
    let mut drains = Drains::of(side, database).await?;
    let before = drains.go_on(time / FIFTHS).await?;
    // Not a transaction that the pool begins: PostgreSQL ends those when they are idle.
    let mut open = database.pool.acquire().await?;
    sqlx::raw_sql("begin isolation level repeatable read").execute(&mut open).await?;
    // This gives the transaction a snapshot and a number.
    let number: String = sqlx::query_scalar(NUMBER).fetch_one(&mut open).await?;
    let during = drains.go_on(time).await?;
    let still: String = sqlx::query_scalar(NUMBER).fetch_one(&mut open).await?;
    ensure!(still == number, "the transaction did not stay open");
    sqlx::raw_sql("rollback").execute(&mut open).await?;
    if let Some(worker) = drains.worker {
        worker.stop().await?;
    }
    Ok(Rates { before, during })
}

/// A side that is filled and drained, again and again.
struct Drains<'a> {
    side: &'a Side,
    database: &'a Database,
    /// Darkroom's worker, which runs throughout. Other sides start one for each drain, and the clock starts when it is
    /// ready.
    worker: Option<Running>,
    /// Jobs made for Darkroom so far.
    made: i64,
}

impl<'a> Drains<'a> {
    async fn of(side: &'a Side, database: &'a Database) -> anyhow::Result<Self> {
        let worker = match side.kind {
            Kind::Ours => Some(Running::start(side, &database.url).await?),
            _ => None,
        };
        Ok(Self { side, database, worker, made: 0 })
    }

    /// Fills and drains for `time`. Answers the rate of each drain in jobs per second.
    async fn go_on(&mut self, time: Duration) -> anyhow::Result<Vec<f64>> {
        let began = Instant::now();
        let mut rates = Vec::new();
        while began.elapsed() < time {
            let rate = match self.worker {
                Some(_) => self.drain_ours().await?,
                None => self.drain_other().await?,
            };
            rates.push(rate);
        }
        Ok(rates)
    }

    async fn drain_ours(&mut self) -> anyhow::Result<f64> {
        let pool = &self.database.pool;
        stock::fill(pool, self.made, BATCH).await?;
        let filled = Instant::now();
        let gone = stock::gone_since(pool, self.made);
        timeout(PATIENCE, gone).await.context("jobs are left")??;
        self.made += i64::from(BATCH);
        Ok(f64::from(BATCH) / filled.elapsed().as_secs_f64())
    }

    async fn drain_other(&self) -> anyhow::Result<f64> {
        let jobs = BATCH.to_string();
        let url = &self.database.url;
        let _took: Took = self.side.ask(url, &["bulk", &jobs], PATIENCE).await?;
        let took: Took = self.side.ask(url, &["drain", &jobs], PATIENCE).await?;
        Ok(took.rate())
    }
}

fn row(results: &Results<Rates>) -> [String; 5] {
    let rates = results.rounds.first();
    let last = |rates: &Rates| {
        let fifth = rates.during.len().div_ceil(usize::try_from(FIFTHS).unwrap_or(1));
        mean(rates.during.iter().rev().take(fifth))
    };
    let (before, last) = (rates.and_then(|rates| mean(rates.before.iter())), rates.and_then(last));
    let drains = rates.map_or(0, |rates| u32::try_from(rates.during.len()).unwrap_or(u32::MAX));
    let jobs = drains.saturating_mul(BATCH).to_string();
    [results.name(), jobs, cell(before, 0), cell(last, 0), ratio(last, before)]
}

/// The mean rate of drains with equally many jobs: all of their jobs, divided by the sum of their times.
fn mean<'a>(rates: impl Iterator<Item = &'a f64>) -> Option<f64> {
    let (count, times) =
        rates.fold((0.0, 0.0), |(count, times), rate| (count + 1.0, times + 1.0 / rate));
    (count > 0.0).then(|| count / times)
}
