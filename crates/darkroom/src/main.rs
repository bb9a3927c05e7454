//! Darkroom: everything on one machine, or each role by itself.

mod api;
mod banner;
mod cli;
mod database;
mod descriptors;
mod edit;
mod health;
mod keys;
mod logging;
mod migrate;
mod provider;
mod queue;
mod sim;
mod stop;
mod up;
mod webhook_secret;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use darkroom_core::config::Config;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Up);
    let config = match Config::load() {
        Ok(config) => config,
        Err(problems) => {
            let refused = refuse(&format!("The settings have problems:\n{problems}"));
            // Scripts that call `darkroom edit` tell this from an edit that failed.
            let is_edit = matches!(command, Command::Edit(_));
            return if is_edit { ExitCode::from(edit::REFUSED) } else { refused };
        }
    };
    if let Err(error) = logging::start(&config.log) {
        return refuse(&format!("LOG: {error}"));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("The runtime does not start: {error}")),
    };
    let outcome = runtime.block_on(run(command, config));
    // Nobody needs a picture that is still being decoded, so it is not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => refuse(&format!("{error:#}")),
    }
}

async fn run(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Edit(options) => return Ok(edit::run(config, *options).await),
        Command::Up => up::run(config).await,
        Command::Api => api::run(config).await,
        Command::Worker => worker::run(config).await,
        Command::Sim(options) => sim::run(config.sim, *options).await,
        Command::Migrate => migrate::run(config).await,
        Command::Queue(command) => queue::run(config, command).await,
        Command::Keys(command) => keys::run(config, command).await,
        Command::WebhookSecret => webhook_secret::run(config).await,
        Command::Health => health::run(config).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "the last word of a command line tool")]
fn refuse(why: &str) -> ExitCode {
    eprintln!("darkroom: {why}");
    ExitCode::FAILURE
}
