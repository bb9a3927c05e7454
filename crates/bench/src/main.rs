//! Measures Darkroom's release build beside the floors it can be judged by, in one run on one machine; and tries what it
//! guarantees while everything goes wrong.
//!
//! A file for each benchmark (`http`, `latency`, `memory`, `images`). The first three are on a [`stand`]: every role as the
//! process it is in production, on a PostgreSQL of its own that really writes to disk. Figures are printed as Markdown tables,
//! with the settings they hold for.
//!
//! `flight` and `cost` are on a stand whose PostgreSQL counts statements.
//! `watchers` and `start` measure single roles: many streams of events on one API, and how a role begins and rests.
//!
//! `queue` measures the queue by itself beside others', each [`side`] as a program of its own.
//!
//! `chaos` is on a stand of several workers and API replicas, whose processes, database, lines and provider it disturbs.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

mod bare;
#[cfg(unix)]
mod chaos;
mod cli;
mod cost;
mod flight;
mod follow;
mod footprint;
mod http;
mod images;
mod latency;
mod load;
mod memory;
mod peers;
mod picture;
#[cfg(unix)]
mod queue;
mod request;
mod settings;
#[cfg(unix)]
mod side;
mod sim;
mod stand;
mod start;
mod statements;
mod table;
mod watcher;
#[cfg(unix)]
mod watchers;

use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;

use cli::{Cli, Command, Scale};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&format!("{error:#}")),
    }
}

async fn run(Cli { command }: Cli) -> anyhow::Result<()> {
    match command {
        Command::Bare(options) => bare::serve(&options).await,
        Command::Prepare(once) => once.run(),
        #[cfg(unix)]
        Command::Chaos(options) => chaos::run(&options).await,
        #[cfg(unix)]
        Command::Watchers => {
            refuse_debug()?;
            watchers::run().await
        }
        Command::Start => {
            refuse_debug()?;
            start::run().await
        }
        #[cfg(unix)]
        Command::Queue(options) => {
            refuse_debug()?;
            queue::run(&options).await
        }
        Command::Flight(options) => {
            refuse_debug()?;
            flight::run(&options).await
        }
        Command::Cost(options) => {
            refuse_debug()?;
            cost::run(&options).await
        }
        #[cfg(unix)]
        Command::Side(side) => side::run(&side).await,
        Command::Http(options) => {
            measured(&options.scale, async || http::run(&options).await).await
        }
        Command::Latency(scale) => measured(&scale, async || latency::run(&scale).await).await,
        Command::Memory(scale) => measured(&scale, async || memory::run(&scale).await).await,
        Command::Images(scale) => measured(&scale, async || images::run(&scale)).await,
        Command::All(options) => {
            let scale = &options.scale;
            measured(scale, async || {
                http::run(&options).await?;
                latency::run(scale).await?;
                memory::run(scale).await?;
                images::run(scale)
            })
            .await
        }
    }
}

async fn measured(
    scale: &Scale,
    measure: impl AsyncFnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    refuse_debug()?;
    settings::print(scale)?;
    measure().await
}

fn refuse_debug() -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        bail!("a debug build tells nothing about speed: run with --release");
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the last word of a command line tool")]
fn refuse(why: &str) -> ExitCode {
    eprintln!("darkroom-bench: {why}");
    ExitCode::FAILURE
}
