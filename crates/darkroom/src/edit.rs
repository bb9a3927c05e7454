//! `darkroom edit`: an edit from a shell, by a running API.
//!
//! The photos are uploaded ([`ask`]) under an `Idempotency-Key`, so that a retry makes no second job; the job is
//! followed to its end ([`follow`]), and its results are saved ([`save`]). A signal cancels the job on the way.

mod ask;
mod failure;
mod follow;
mod interrupt;
mod job;
mod names;
mod photo;
mod retry;
mod save;
mod server;
mod show;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use darkroom_core::{chain::chain, config::Config};

use crate::{cli::EditOptions, stop::Signals};
use failure::Failure;
pub(crate) use failure::REFUSED;
use interrupt::unless_interrupted;
use job::Status;
use names::Target;
use photo::Photos;
use server::Server;
use show::Screen;

/// Runs the command; if it fails, prints the reason to standard error.
pub(crate) async fn run(config: Config, options: EditOptions) -> ExitCode {
    let screen = Screen::new(options.quiet);
    let Err(failure) = Box::pin(edit(&config, &options, &screen)).await else {
        return ExitCode::SUCCESS;
    };
    screen.clear();
    // If standard error is closed, the exit code still tells.
    writeln!(io::stderr(), "darkroom: {}", chain(&failure)).ok();
    if let Some(hint) = failure.hint() {
        writeln!(io::stderr(), "{hint}").ok();
    }
    failure.exit_code()
}

/// From the photos to the files.
async fn edit(config: &Config, options: &EditOptions, screen: &Screen) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(Failure::Signals)?;
    let server = Server::of(config, options)?;
    let target = Target::of(options)?;
    let photos = Photos::open(&options.photos);
    let photos = unless_interrupted(&mut signals, Failure::Interrupted, photos).await?;

    let asking = ask::ask(&server, &photos, options, screen);
    let (mut job, mut signal) =
        interrupt::while_asking(&mut signals, &photos, screen, asking).await?;
    if options.no_wait && signal.is_none() {
        return print(&if options.json { job.json(&[]) } else { job.id.to_string() });
    }
    screen.say(&format!("job {}", job.id));

    if signal.is_none() && !job.status.has_ended() {
        tokio::select! {
            ended = follow::until_end(&server, &job, screen) => job = ended?,
            received = signals.next() => signal = Some(received),
        }
    }
    let id = job.id;
    let leave = |signal| Failure::Left { signal, job: Some(id) };
    if signal.is_some() && !job.status.has_ended() {
        let cancelling = follow::cancel(&server, &job, screen);
        job = unless_interrupted(&mut signals, leave, cancelling).await?;
        if job.status == Status::Completed {
            screen.say("it was too late to cancel: the edit is completed, and paid for");
        }
    }

    let files = match job.status {
        Status::Completed => {
            let saving = save::save(&server, &job, &target, screen);
            unless_interrupted(&mut signals, leave, saving).await?
        }
        _ => Vec::new(),
    };
    screen.clear();
    if options.json {
        print(&job.json(&files))?;
    } else {
        files.iter().try_for_each(|file| print(file))?;
    }
    match (job.status, signal) {
        (Status::Cancelled, Some(signal)) => Err(Failure::Interrupted(signal)),
        (Status::Cancelled, None) => Err(Failure::Cancelled(job.id)),
        (Status::Failed, _) => Err(Failure::failed(job)),
        _ => Ok(()),
    }
}

/// Prints a result to standard output.
fn print(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::Output)
}
