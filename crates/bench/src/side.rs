//! The sides of the queue benchmarks that this program provides: Darkroom itself, and the floors that it is compared
//! with. Peers answer the same questions, see `bench/peers/`.
//!
//! Each call works in the database that `DATABASE_URL` names, which no other side uses, and prints one [`answer`] as a
//! line of JSON.

pub(crate) mod answer;
mod floor;
mod ours;
mod pgbench;
mod plain;
mod statements;
pub(crate) mod stock;
pub(crate) mod unbounded;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

/// One call of one side.
#[derive(Clone, Debug, Args)]
pub(crate) struct Call {
    name: Name,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Darkroom's worker, whose edits take no time
    Ours,
    /// Darkroom's jobs, each made in a transaction of its own
    Alone,
    /// Darkroom's statements on Darkroom's tables, and nothing around them
    Floor,
    /// The least that a queue on PostgreSQL can be: one table
    Plain,
}

/// What a side can be asked.
#[derive(Clone, Copy, Debug, Subcommand)]
enum Action {
    /// Makes its tables
    Setup,
    /// Makes jobs, with this many clients that each make one after the other
    Enqueue { jobs: u32, clients: u32 },
    /// Makes jobs, as fast as it can
    Bulk { jobs: u32 },
    /// Works on all jobs that wait
    Drain { jobs: u32 },
    /// Makes jobs, one after the other, and reports how soon the work on each began
    Wake { jobs: u32 },
    /// Waits for work until it is told to stop
    Work,
    /// Says what it is
    Version,
}

/// Answers one question.
pub(crate) async fn run(call: &Call) -> anyhow::Result<()> {
    match call.name {
        Name::Ours => ours::act(call.action).await,
        Name::Alone => ours::act_alone(call.action).await,
        Name::Floor => floor::act(call.action).await,
        Name::Plain => plain::act(call.action).await,
    }
}

fn say(answer: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(answer)?);
    Ok(())
}
