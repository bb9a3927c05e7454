//! How it ends when there is no result, and what the exit code says of it.

use std::{io, path::PathBuf, process::ExitCode};

use uuid::Uuid;

use super::job::{Job, Problem};
use crate::stop::Signal;

/// The exit code where the caller has to change something.
pub(crate) const REFUSED: u8 = 2;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The command line asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    /// A photo that cannot be read.
    #[error("{} cannot be read", .0.display())]
    Photo(PathBuf, #[source] io::Error),
    /// There is no place for the result.
    #[error("{} cannot be written to", .0.display())]
    Place(PathBuf, #[source] io::Error),
    /// The API does not do what is asked.
    #[error("{0}")]
    Refused(Problem),
    /// The API does not answer.
    #[error("the API at {server} {}", if job.is_some() { "does not answer any more" } else { "does not answer" })]
    Away {
        /// Where it should be.
        server: String,
        /// What waits there.
        job: Option<Uuid>,
        /// What came in place of an answer.
        #[source]
        trouble: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The API has a fault of its own.
    #[error("the API at {server} fails: {problem}")]
    Broken {
        /// Where it is.
        server: String,
        /// What it says.
        problem: Problem,
    },
    /// Somebody answers, and it is not what a Darkroom API says.
    #[error("what answers at {server} is no Darkroom API, or one that this version does not know")]
    Stranger {
        /// Where it is.
        server: String,
    },
    /// The edit failed.
    #[error("the edit failed: {message} ({code})")]
    Failed {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// Somebody else cancelled the job.
    #[error("job {0} was cancelled by somebody else")]
    Cancelled(Uuid),
    /// Somebody else deleted the job.
    #[error("job {0} is deleted")]
    Deleted(Uuid),
    /// A signal has cancelled it.
    #[error("cancelled")]
    Interrupted(Signal),
    /// A signal has ended this command, and no job.
    #[error("{}", left(*job))]
    Left {
        /// Which.
        signal: Signal,
        /// The job that stays; none is known where the API has not answered.
        job: Option<Uuid>,
    },
    /// A result that is not what the job says of it.
    #[error("a result of job {0} does not arrive as it is")]
    Damaged(Uuid),
    /// The result cannot be written.
    #[error("the result of job {1} cannot be saved")]
    Save(#[source] io::Error, Uuid),
    /// Nobody takes what is printed.
    #[error("standard output takes no more")]
    Output(#[source] io::Error),
    /// The system gives no signals.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

impl Failure {
    /// Of a job that has failed.
    pub(super) fn failed(job: Job) -> Self {
        let (code, message) = match job.error {
            Some(error) => (error.code, error.message),
            None => ("unknown".into(), "it does not say why".into()),
        };
        Self::Failed { code, message }
    }

    /// As `--help` lists them.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed { .. }
            | Self::Damaged(_)
            | Self::Save(..)
            | Self::Output(_)
            | Self::Signals(_) => 1,
            Self::Usage(_) | Self::Photo(..) | Self::Place(..) | Self::Refused(_) => REFUSED,
            Self::Away { .. } | Self::Broken { .. } | Self::Stranger { .. } => 3,
            Self::Cancelled(_) | Self::Deleted(_) => 4,
            // 128 and the signal's number, as shells say it.
            Self::Interrupted(signal) | Self::Left { signal, .. } => match signal {
                Signal::Interrupt => 130,
                Signal::Terminate => 143,
            },
        })
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Away { job: None, .. } | Self::Stranger { .. } => Some(
                "Start one with `darkroom` in another terminal, or name one with --url or DARKROOM_URL."
                    .into(),
            ),
            Self::Away { job: Some(job), server, .. } => {
                Some(format!("The job goes on without this command: {server}/api/jobs/{job}"))
            }
            _ => None,
        }
    }
}

fn left(job: Option<Uuid>) -> String {
    match job {
        Some(job) => format!("left; job {job} stays as it is"),
        None => "left; where the API has made a job, it goes on".into(),
    }
}
