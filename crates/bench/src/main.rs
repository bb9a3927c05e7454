//! Measures Darkroom's release build beside the floors it can be judged by, in one run on one machine.
//!
//! A file for each benchmark (`http`, `latency`, `memory`, `images`). The first three are on a [`stand`]: every role as the
//! process it is in production, on a PostgreSQL of its own that really writes to disk. Figures are printed as Markdown tables,
//! with the settings they hold for.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

mod bare;
mod cli;
mod follow;
mod http;
mod images;
mod latency;
mod load;
mod memory;
mod picture;
mod request;
mod settings;
mod stand;
mod table;

use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&format!("{error:#}")),
    }
}

async fn run(Cli { command, scale }: Cli) -> anyhow::Result<()> {
    match &command {
        Command::Bare(options) => return bare::serve(options).await,
        Command::Prepare(once) => return once.run(),
        _ => {}
    }
    if cfg!(debug_assertions) {
        bail!("a debug build tells nothing about speed: run with --release");
    }
    settings::print(&scale)?;
    match command {
        Command::Http => http::run(&scale).await,
        Command::Latency => latency::run(&scale).await,
        Command::Memory => memory::run(&scale).await,
        Command::Images => images::run(&scale),
        Command::All => {
            http::run(&scale).await?;
            latency::run(&scale).await?;
            memory::run(&scale).await?;
            images::run(&scale)
        }
        Command::Bare(_) | Command::Prepare(_) => Ok(()),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a command line tool")]
fn refuse(why: &str) -> ExitCode {
    eprintln!("darkroom-bench: {why}");
    ExitCode::FAILURE
}
