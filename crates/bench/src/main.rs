//! Measures Darkroom's release build against floors (programs that do the least possible) and other programs, in one
//! run on one machine; and checks its guarantees under faults.
//!
//! Each benchmark has a file; `all` runs those that `docs/benchmarks.md` shows. Most run on a [`stand`]: every role is
//! a process, as in production, and a private PostgreSQL really writes to disk. `watchers` and `start` measure single
//! roles. Figures are printed as Markdown tables, with the settings they hold for.
//!
//! `queue` compares the queue alone with other queues; each [`side`] is a separate program.
//!
//! `chaos` runs several workers and API replicas, and disturbs their processes, database, connections and provider.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

mod all;
mod bare;
#[cfg(unix)]
mod chaos;
mod cli;
mod conditions;
mod cost;
mod flight;
mod footprint;
mod http;
mod images;
mod latency;
mod load;
mod memory;
mod peers;
mod picture;
mod polling;
#[cfg(unix)]
mod queue;
mod request;
#[cfg(unix)]
mod side;
mod sim;
mod stand;
mod start;
mod statements;
mod table;
#[cfg(unix)]
mod watchers;
mod watching;

use std::process::ExitCode;

use anyhow::ensure;
use clap::Parser;

use cli::{Benchmark, Cli, Command};

#[tokio::main]
#[expect(clippy::print_stderr, reason = "the last word of a command line tool")]
async fn main() -> ExitCode {
    if let Err(error) = Box::pin(run(Cli::parse())).await {
        eprintln!("darkroom-bench: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run(Cli { command }: Cli) -> anyhow::Result<()> {
    match command {
        Command::Benchmark(benchmark) => measure(benchmark).await,
        #[cfg(unix)]
        Command::Chaos(options) => chaos::run(&options).await,
        #[cfg(unix)]
        Command::Side(call) => side::run(&call).await,
        Command::Bare(options) => bare::serve(&options).await,
        Command::Prepare(once) => once.run(),
    }
}

async fn measure(benchmark: Benchmark) -> anyhow::Result<()> {
    ensure!(!cfg!(debug_assertions), "a debug build tells nothing about speed: run with --release");
    if let Some(extent) = benchmark.extent() {
        conditions::print(extent)?;
    }
    match benchmark {
        Benchmark::All => all::run().await,
        Benchmark::Http(options) => http::run(&options).await,
        #[cfg(unix)]
        Benchmark::Watchers => watchers::run().await,
        Benchmark::Start => start::run().await,
        Benchmark::Latency(extent) => latency::run(&extent).await,
        Benchmark::Flight(options) => flight::run(&options).await,
        Benchmark::Cost(options) => cost::run(&options).await,
        Benchmark::Memory(extent) => memory::run(&extent).await,
        Benchmark::Images(extent) => images::run(&extent).await,
        #[cfg(unix)]
        Benchmark::Queue(options) => queue::run(&options).await,
    }
}
