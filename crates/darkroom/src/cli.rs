//! The command line.

mod edit;
mod keys;
mod queue;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use darkroom_core::config;
use url::Url;

pub(crate) use edit::EditOptions;
pub(crate) use keys::{KeysCommand, Limits};
pub(crate) use queue::{QueueCommand, Subject, Wanted};

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
    /// Run everything on this machine (the default without a command)
    Up,
    /// Edit a photo with a running API, and save the result
    Edit(Box<EditOptions>),
    /// Run the HTTP API
    Api,
    /// Run a worker
    Worker,
    /// Run the stand-in for fal.ai
    Sim(Box<SimOptions>),
    /// Bring the database's schema to this version
    Migrate,
    /// See and steer the queue: pause, resume, limit, retry
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Make, limit, list and revoke API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print the secrets that receivers verify webhooks with
    WebhookSecret,
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
    /// The only key that is accepted, as `<id>:<secret>`; without it any is
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Where callers reach the stand-in; every URL in its answers starts with it
    #[arg(long)]
    pub(crate) public_url: Option<Url>,
    /// Directory that keeps requests and files over a restart; without it all is forgotten
    #[arg(long)]
    pub(crate) state: Option<PathBuf>,
    /// PEM file with the certificate, followed by its chain; serves HTTPS
    #[arg(long, requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
}

impl SimOptions {
    /// The settings, with the options that were given in their place.
    pub(crate) fn over(&self, settings: config::Sim) -> config::Sim {
        config::Sim {
            port: self.port.unwrap_or(settings.port),
            latency: self.latency_ms.map_or(settings.latency, Duration::from_millis),
            concurrency: self.concurrency.map_or(settings.concurrency, usize::from),
        }
    }
}
