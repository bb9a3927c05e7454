//! Why the command has no result, and the exit code for that.

use std::{io, path::PathBuf, process::ExitCode};

use uuid::Uuid;

use super::job::{Job, Problem};
use crate::stop::Signal;

/// The exit code when the caller has to change something.
pub(crate) const REFUSED: u8 = 2;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The command line asks for something impossible.
    #[error("{0}")]
    Usage(String),
    /// A photo cannot be read.
    #[error("{} cannot be read", .0.display())]
    Photo(PathBuf, #[source] io::Error),
    /// The result's directory cannot be written to.
    #[error("{} cannot be written to", .0.display())]
    Place(PathBuf, #[source] io::Error),
    /// The API refuses the request.
    #[error("{0}")]
    Refused(Problem),
    /// The API does not answer.
    #[error("the API at {server} {}", if job.is_some() { "does not answer any more" } else { "does not answer" })]
    Away {
        /// The API's address.
        server: String,
        /// The job, if the API has accepted it.
        job: Option<Uuid>,
        /// What came in place of an answer.
        #[source]
        trouble: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The API answers with a server error.
    #[error("the API at {server} fails: {problem}")]
    Broken {
        /// Where it is.
        server: String,
        /// The problem that it reports.
        problem: Problem,
    },
    /// The answer is not one of a Darkroom API.
    #[error("what answers at {server} is no Darkroom API, or one that this version does not know")]
    Stranger {
        /// Where it is.
        server: String,
    },
    /// The edit failed.
    #[error("the edit failed: {message} ({code})")]
    Failed {
        /// The reason, for programs.
        code: String,
        /// The reason, for people.
        message: String,
    },
    /// Somebody else cancelled the job.
    #[error("job {0} was cancelled by somebody else")]
    Cancelled(Uuid),
    /// Somebody else deleted the job.
    #[error("job {0} is deleted")]
    Deleted(Uuid),
    /// A signal has cancelled the job, or came before there was one.
    #[error("cancelled")]
    Interrupted(Signal),
    /// A signal has ended this command, but not the job.
    #[error("{}", left(*job))]
    Left {
        /// The signal.
        signal: Signal,
        /// The job that goes on; unknown if the API has not answered.
        job: Option<Uuid>,
    },
    /// A result does not arrive as the job describes it.
    #[error("a result of job {0} does not arrive as it is")]
    Damaged(Uuid),
    /// The result cannot be written.
    #[error("the result of job {1} cannot be saved")]
    Save(#[source] io::Error, Uuid),
    /// Standard output cannot be written to.
    #[error("standard output takes no more")]
    Output(#[source] io::Error),
    /// The handlers of signals cannot be installed.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

impl Failure {
    /// The failure of a job that has failed.
    pub(super) fn failed(job: Job) -> Self {
        let (code, message) = match job.error {
            Some(error) => (error.code, error.message),
            None => ("unknown".into(), "it does not say why".into()),
        };
        Self::Failed { code, message }
    }

    /// The exit code, as `--help` lists it.
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
            Self::Interrupted(signal) | Self::Left { signal, .. } => signal.exit_code(),
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
