//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::{bare, images};

/// Measures Darkroom beside the floors it can be judged by.
///
/// Needs the release build of `darkroom` beside it: `cargo build --release --workspace`.
#[derive(Debug, Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) scale: Scale,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Requests a second, beside a bare server and one statement a request
    Http,
    /// From POST to completed, over the time that the edit itself takes
    Latency,
    /// Memory of each role, idle and after load
    Memory,
    /// Pictures made right for the model, beside vipsthumbnail
    Images,
    /// All of them
    All,
    /// Serves the floors of `http`
    #[command(hide = true)]
    Bare(bare::Options),
    /// Prepares one picture, for `images`
    #[command(hide = true)]
    Prepare(images::Once),
}

/// How much is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Scale {
    /// Keep-alive connections at a time
    #[arg(long, global = true, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) connections: u16,
    /// Seconds of a round, for each side
    #[arg(long, global = true, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds; the median one is reported
    #[arg(long, global = true, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) rounds: u16,
    /// Jobs of the latency and memory benchmarks
    #[arg(long, global = true, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) jobs: u16,
}

impl Scale {
    /// Of a round, for each side.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
