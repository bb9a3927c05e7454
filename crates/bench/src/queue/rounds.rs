//! Rounds: each side is measured in turn, again and again, so that the machine's other work affects all of them alike.

use tokio::time::Duration;

use super::{
    databases::{Database, Databases},
    sides::Side,
};
pub(super) use crate::{
    load::median,
    table::{cell, ratio},
};
use crate::{side::answer::Done, table::one_line};

/// How long a side may take to make its tables.
const SETUP_PATIENCE: Duration = Duration::from_mins(1);

/// A side's results in all rounds.
pub(super) struct Results<T> {
    pub(super) side: Side,
    /// One for each round, until the side failed.
    pub(super) rounds: Vec<T>,
    /// Why it failed, if it did.
    pub(super) failure: Option<String>,
}

/// Measures each side once in each round. A side that fails is left out from then on, and the others go on.
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

/// Measures a side once, in a new database in which it has just made its tables.
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
    /// The side's name, and why it failed, if it did.
    pub(super) fn name(&self) -> String {
        let name = &self.side.name;
        self.failure.as_ref().map_or_else(|| name.clone(), |why| format!("{name} ({why})"))
    }

    /// The median of a figure over the rounds.
    pub(super) fn median(&self, figure: impl Fn(&T) -> f64) -> Option<f64> {
        median(self.rounds.iter().map(figure).collect()).ok()
    }
}
