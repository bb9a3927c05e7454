//! `depth`: how the rate of a drain and the time of a claim change as the line grows.

use tokio::time::Duration;

use super::{
    Options,
    databases::{self, Database},
    probes::{self, CLAIMED},
    rounds::{cell, median, once, ratio},
    sides::{self, Kind, Side},
};
use crate::{
    side::{answer::Took, stock},
    table,
};

/// Jobs that wait.
const DEPTHS: [u32; 3] = [20_000, 200_000, 2_000_000];

/// For the longest drain.
const PATIENCE: Duration = Duration::from_mins(10);

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    databases::measure("Queue: a long line", async |databases| {
        let ours = sides::of(Kind::Ours)?;
        let mut rows = Vec::new();
        let mut shortest = None;
        for depth in DEPTHS.into_iter().filter(|depth| options.large || *depth <= 200_000) {
            let (mut drains, mut claims) = (Vec::new(), Vec::new());
            let measure = async |side: &Side, database: &Database| one(side, database, depth).await;
            for _ in 0..options.rounds {
                let (drain, claim) = once(databases, &ours, &measure).await?;
                drains.push(drain);
                claims.push(claim);
            }
            let (drain, claim) = (median(drains)?, median(claims)?);
            let (first_drain, first_claim) = *shortest.get_or_insert((drain, claim));
            rows.push([
                depth.to_string(),
                cell(Some(drain), 0),
                ratio(Some(drain), Some(first_drain)),
                cell(Some(claim), 2),
                ratio(Some(claim), Some(first_claim)),
            ]);
        }
        let claim = format!("claim of {CLAIMED}, p50 ms");
        table::print(
            ["jobs that wait", "drain of all, jobs/s", "÷ shortest", &claim, "÷ shortest"],
            &rows,
        );
        Ok(())
    })
    .await
}

/// Jobs a second of a drain, and milliseconds of a claim.
async fn one(ours: &Side, database: &Database, depth: u32) -> anyhow::Result<(f64, f64)> {
    stock::fill(&database.pool, 0, depth).await?;
    stock::vacuum(&database.url).await?;
    let claim = probes::claim(&database.pool).await?;
    let drained: Took = ours.ask(&database.url, &["drain", &depth.to_string()], PATIENCE).await?;
    Ok((drained.rate(), claim))
}
