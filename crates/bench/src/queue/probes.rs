//! How long a claim and a list take, in this process.

use darkroom_core::{
    db::Pool,
    queue,
    store::{self, Filter, Page},
};
use tokio::time::Instant;

use super::rounds::median;

/// Jobs of a claim that is timed.
pub(super) const CLAIMED: usize = 20;

/// Claims of a round.
const CLAIMS: usize = 100;

/// Jobs that must be in line for all claims of a round.
pub(super) const JOBS: u32 = 2_000;

/// Jobs of a list.
pub(super) const LISTED: u16 = 50;

/// Lists of a round.
const LISTS: usize = 200;

/// The median time of many claims, in milliseconds. The claimed jobs are released afterwards.
pub(super) async fn claim(pool: &Pool) -> anyhow::Result<f64> {
    let worker = queue::register(pool, "claims").await?;
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        let began = Instant::now();
        let claims = queue::claim(pool, worker, CLAIMED).await?;
        times.push(milliseconds(began));
        anyhow::ensure!(claims.jobs.len() == CLAIMED, "a claim found too little");
    }
    queue::release(pool, worker).await?;
    median(times)
}

/// The median time of many lists, in milliseconds.
pub(super) async fn list(pool: &Pool) -> anyhow::Result<f64> {
    let page = Page { before: None, limit: LISTED };
    let mut times = Vec::new();
    for _ in 0..LISTS {
        let began = Instant::now();
        let jobs = store::list(pool, page, &Filter::default()).await?.jobs;
        times.push(milliseconds(began));
        anyhow::ensure!(jobs.len() == usize::from(LISTED), "a list is too short");
    }
    median(times)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
