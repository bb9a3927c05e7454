//! A steady stream of jobs, as callers send them: a POST is sent again only when no answer came, and only what was
//! answered with 201 counts as accepted.

mod caller;
mod order;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Duration, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    house::{House, Shared},
    lock,
    options::Options,
};
pub(crate) use order::MODELS;
use order::Order;

/// How many callers there may be at a time; while there are as many, no new ones come.
const MOST_CALLERS: usize = 200;

/// What callers were told.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Said>);

/// Everything that was said to callers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Jobs that were answered with 201, each with the words that only its prompt has.
    pub(crate) accepted: Vec<(Uuid, String)>,
    /// Words of accepted orders that had an idempotency key: there may be one job for each, at most.
    pub(crate) keyed: Vec<String>,
    /// Calls that were answered with 503 or 408.
    pub(crate) away: usize,
    /// Calls that got no answer.
    pub(crate) unanswered: usize,
    /// POSTs that got no answer, although they were sent again and again.
    pub(crate) given_up: usize,
    /// How jobs had ended, as callers were told.
    pub(crate) ends: Vec<(Uuid, String)>,
    /// Jobs that callers asked to delete, and whether an answer said that they are gone.
    pub(crate) deleted: HashMap<Uuid, bool>,
    /// Answers to cancellations, by status.
    pub(crate) cancelled: BTreeMap<u16, usize>,
    /// Answers that should never have come.
    pub(crate) unexpected: Vec<String>,
}

impl Told {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Said> {
        lock(&self.0)
    }
}

impl Said {
    fn accept(&mut self, job: Uuid, order: &Order) {
        self.accepted.push((job, order.words.clone()));
        self.keyed.extend(order.key.is_some().then(|| order.words.clone()));
    }
}

/// Sends jobs until it is stopped, and returns when each caller has its answer or has given up.
pub(crate) async fn pour(
    house: Shared,
    options: Options,
    told: Arc<Told>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(options.seed ^ 0x0073_7472_6561_6d00);
    let pictures = order::pictures()?;
    let mut ticks = interval(Duration::from_secs_f64(1.0 / options.rate));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut callers = JoinSet::new();
    for number in 0_u32.. {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        while callers.try_join_next().is_some() {}
        if callers.len() < MOST_CALLERS {
            let order = Order::draw(&mut random, number, &pictures, house.receiver.port);
            callers.spawn(call(Arc::clone(&house), Arc::clone(&told), order));
        }
    }
    while let Some(called) = callers.join_next().await {
        called?;
    }
    Ok(())
}

async fn call(house: Arc<House>, told: Arc<Told>, order: Order) {
    caller::Caller { house: &house, told: &told }.call(order).await;
}
