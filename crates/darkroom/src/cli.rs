//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use darkroom_core::config;

/// A queue-backed service for AI image editing.
///
/// Settings come from the environment and from a `.env` file; `.env.example` lists them all.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on this machine (this is what no command means)
    Up,
    /// Run the HTTP API
    Api,
    /// Run a worker
    Worker,
    /// Run the stand-in for fal.ai
    Sim(SimOptions),
    /// Bring the database's schema to this version
    Migrate,
    /// Ask the API on this machine whether it is ready; exits with 1 when it is not
    Health,
}

#[derive(Debug, Args)]
pub(crate) struct SimOptions {
    /// Port to listen on; 0 takes a free one
    #[arg(long)]
    port: Option<u16>,
    /// How long an edit takes
    #[arg(long)]
    latency_ms: Option<u64>,
    /// Edits at a time
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
}

impl SimOptions {
    /// What was said here, and the settings for the rest.
    pub(crate) fn over(&self, settings: config::Sim) -> config::Sim {
        config::Sim {
            port: self.port.unwrap_or(settings.port),
            latency: self.latency_ms.map_or(settings.latency, Duration::from_millis),
            concurrency: self.concurrency.map_or(settings.concurrency, usize::from),
        }
    }
}
