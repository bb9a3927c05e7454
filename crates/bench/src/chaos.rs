//! `chaos`: sends a steady stream of jobs while faults of every kind strike, and then checks that nothing was lost,
//! done twice or left behind.
//!
//! The flow: [`house`] starts everything, [`schedule`] draws the faults, [`stream`] sends jobs, [`faults`] makes the
//! faults happen, [`watch`] and [`trace`] record what follows, [`audit`] judges it, [`report`] prints the verdict.

mod audit;
mod chronicle;
mod clock;
mod fault;
mod faults;
mod forge;
mod house;
mod operator;
mod options;
mod porch;
mod proxy;
mod receiver;
mod report;
mod run;
mod schedule;
mod server;
mod stream;
mod trace;
mod watch;
mod weather;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::bail;
use tokio::time::{Duration, Instant, sleep};

use crate::stand::unless_interrupted;
use house::{House, Shared};

pub(crate) use options::Options;

/// How long aborted tasks may take to end.
const LEAVING: Duration = Duration::from_secs(10);

/// Runs, reports, and fails if a guarantee was broken.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let house = Arc::new(unless_interrupted(House::build(options)).await?);
    let outcome = unless_interrupted(run::whole(&house, options)).await;
    let mut house = emptied(house).await?;
    let is_kept = options.keep || !outcome.as_ref().is_ok_and(|report| report.broken() == 0);
    if is_kept {
        house.ground.keep_logs();
        println!("\nlogs and records: {}", house.ground.logs().display());
    }
    if outcome.is_err() {
        house.tell_last_words().await;
    }
    house.clear().await?;
    let broken = outcome?.broken();
    if broken > 0 {
        bail!("{broken} guarantees were broken");
    }
    Ok(())
}

/// Takes the house back once no task shares it any more: aborted tasks take a moment to end.
async fn emptied(mut house: Shared) -> anyhow::Result<House> {
    let until = Instant::now() + LEAVING;
    loop {
        match Arc::try_unwrap(house) {
            Ok(house) => return Ok(house),
            Err(shared) => house = shared,
        }
        anyhow::ensure!(Instant::now() < until, "somebody still lives in the house");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Locks what tasks share, even after a task panicked while it held the lock.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
