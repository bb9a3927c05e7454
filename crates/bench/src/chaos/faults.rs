//! Makes the drawn faults happen, each at its time, and undoes them.

mod connections;
mod line;
mod postgres;
mod process;
mod rules;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    task::JoinSet,
    time::{Duration, sleep, sleep_until, timeout},
};

use super::{
    chronicle::Chronicle,
    fault::{Fault, Planned},
    house::{House, Shared},
    lock,
};

/// How long undoing a fault may take: a slow machine may have to start a process, or recover a database.
const UNDONE_WITHIN: Duration = Duration::from_mins(3);

pub(crate) use rules::Held;

/// What is counted and noted of a run's faults.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    by_kind: Mutex<BTreeMap<String, usize>>,
    begun: AtomicUsize,
    under_way: AtomicUsize,
    /// Descriptions of events that no fault explains.
    broken: Mutex<Vec<String>>,
    /// Which rules surely held, and when.
    held: Mutex<Vec<Held>>,
}

impl Tally {
    /// How many have begun, and how many of them are under way.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.begun.load(Ordering::Relaxed), self.under_way.load(Ordering::Relaxed))
    }

    pub(crate) fn by_kind(&self) -> BTreeMap<String, usize> {
        lock(&self.by_kind).clone()
    }

    /// Notes something that no fault explains.
    pub(crate) fn note_broken(&self, what: String) {
        lock(&self.broken).push(what);
    }

    pub(crate) fn broken(&self) -> Vec<String> {
        lock(&self.broken).clone()
    }

    pub(crate) fn held(&self) -> Vec<Held> {
        lock(&self.held).clone()
    }

    fn begin(&self, fault: &Fault) {
        *lock(&self.by_kind).entry(fault.kind()).or_default() += 1;
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes all planned faults happen, and returns when the last one is undone.
pub(crate) async fn strike_all(
    house: &Shared,
    planned: Vec<Planned>,
    seed: u64,
    chronicle: &Arc<Chronicle>,
    tally: &Arc<Tally>,
) -> anyhow::Result<()> {
    let start = tokio::time::Instant::now();
    let mut striking = JoinSet::new();
    for planned in planned {
        let (house, chronicle, tally) =
            (Arc::clone(house), Arc::clone(chronicle), Arc::clone(tally));
        striking.spawn(async move {
            sleep_until(start + planned.at).await;
            chronicle.note(planned);
            tally.begin(&planned.fault);
            let striking = strike(&house, &planned, seed, &tally);
            match timeout(planned.lasts + UNDONE_WITHIN, striking).await {
                Ok(Ok(())) => {}
                // One fault may prevent another, for example by leaving no free connection.
                Ok(Err(error)) => chronicle.note(format_args!("{}: {error:#}", planned.fault)),
                Err(_elapsed) => tally.note_broken(format!("{} is not undone", planned.fault)),
            }
            tally.under_way.fetch_sub(1, Ordering::Relaxed);
        });
    }
    while let Some(struck) = striking.join_next().await {
        struck?;
    }
    Ok(())
}

async fn strike(house: &House, planned: &Planned, seed: u64, tally: &Tally) -> anyhow::Result<()> {
    let lasts = planned.lasts;
    match planned.fault {
        Fault::Process(seat, blow) => process::strike(house, seat, blow, lasts, seed, tally).await,
        Fault::Line(seat, broken) => line::strike(house, seat, broken, lasts).await,
        Fault::Blackout => line::black_out(house, lasts).await,
        Fault::Restart(shutdown) => house.ground.postgres.restart(shutdown, lasts).await,
        Fault::Crash => postgres::crash(house).await,
        Fault::Terminations => connections::terminate(house, lasts).await,
        Fault::Hoard => connections::hoard(house, lasts).await,
        Fault::OldSnapshot => connections::keep_snapshot(house, lasts).await,
        Fault::LockedRows => connections::lock_rows(house, lasts).await,
        Fault::Rule(rule) => rules::hold(house, rule, lasts, tally).await,
        Fault::Weather(storm) => {
            house.set_weather(seed, Some(storm)).await?;
            sleep(lasts).await;
            house.set_weather(seed, None).await
        }
        Fault::Clock(minutes) => house.clock.as_ref().map_or(Ok(()), |clock| clock.set(minutes)),
    }
}
