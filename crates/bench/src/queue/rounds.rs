//! Rounds: each side in turn, again and again, so that whatever else the machine does falls on all of them.

use anyhow::Context;
use tokio::time::Duration;

use super::{
    databases::{Database, Databases},
    sides::Side,
};
pub(super) use crate::table::{cell, ratio};
use crate::{side::answer::Done, table::one_line};

/// How long a side may take to make its tables.
const SETUP_PATIENCE: Duration = Duration::from_mins(1);

/// What a side came to, in all rounds.
pub(super) struct Results<T> {
    pub(super) side: Side,
    /// One of each round, until it failed.
    pub(super) rounds: Vec<T>,
    /// Why it was asked no more.
    pub(super) failure: Option<String>,
}

/// Asks each side in each round, once. One that fails is asked no more, and the others go on.
pub(super) async fn interleaved<T>(
    databases: &Databases,
    sides: Vec<Side>,
    rounds: u16,
    measure: impl AsyncFn(&Side, &Database) -> anyhow::Result<T>,
) -> Vec<Results<T>> {
    let begun = |side| Results { side, rounds: Vec::new(), failure: None };
    let mut all: Vec<_> = sides.into_iter().map(begun).collect();
    for _ in 0..rounds {
        for results in all.iter_mut().filter(|results| results.failure.is_none()) {
            match once(databases, &results.side, &measure).await {
                Ok(result) => results.rounds.push(result),
                Err(error) => results.failure = Some(one_line(&error)),
            }
        }
    }
    all
}

/// Asks a side once, in a database of its own whose tables it has just made.
pub(super) async fn once<T>(
    databases: &Databases,
    side: &Side,
    measure: &impl AsyncFn(&Side, &Database) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let database = databases.make().await?;
    let measured = async {
        let _made: Done = side.ask(&database.url, &["setup"], SETUP_PATIENCE).await?;
        measure(side, &database).await
    };
    let measured = measured.await;
    databases.drop(database).await?;
    measured
}

impl<T> Results<T> {
    /// The side, and what went wrong.
    pub(super) fn name(&self) -> String {
        let name = &self.side.name;
        self.failure.as_ref().map_or_else(|| name.clone(), |why| format!("{name} ({why})"))
    }

    /// The median of a figure over the rounds.
    pub(super) fn median(&self, figure: impl Fn(&T) -> f64) -> Option<f64> {
        median(self.rounds.iter().map(figure).collect()).ok()
    }
}

/// The value in the middle.
pub(super) fn median(mut values: Vec<f64>) -> anyhow::Result<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("nothing was measured")
}
