//! `chaos`: a steady stream of jobs, while everything goes wrong that can; and then the proof that nothing was lost, nothing
//! was done twice, and nothing is left behind.
//!
//! The flow: [`house`] starts everything, [`schedule`] draws the faults, [`stream`] sends jobs, [`faults`] strike, [`watch`]
//! and [`trace`] see what happens, [`audit`] judges it, [`report`] says so.

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

/// How long tasks may take to end that were aborted.
const LEAVING: Duration = Duration::from_secs(10);

/// Runs, reports, and fails where a guarantee was broken.
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

/// The house, when everybody has left it: tasks that are aborted take a moment.
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

/// What tasks share, one at a time.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
