//! What a receiver can be told of.

use std::{fmt, str::FromStr};

use crate::job::Status;

/// A job came to this status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// fal has it.
    Processing,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
    /// It was ended by its caller.
    Cancelled,
}

/// There is no such event.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such event")]
pub struct UnknownEvent;

impl Event {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 4] = [Self::Processing, Self::Completed, Self::Failed, Self::Cancelled];

    /// The ends of a job: what is told unless the caller asks for other events.
    pub const ENDS: [Self; 3] = [Self::Completed, Self::Failed, Self::Cancelled];

    /// Its name in the row and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "job.processing",
            Self::Completed => "job.completed",
            Self::Failed => "job.failed",
            Self::Cancelled => "job.cancelled",
        }
    }

    /// The status that the job came to.
    pub fn status(self) -> Status {
        match self {
            Self::Processing => Status::Processing,
            Self::Completed => Status::Completed,
            Self::Failed => Status::Failed,
            Self::Cancelled => Status::Cancelled,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|event| event.as_str() == text).ok_or(UnknownEvent)
    }
}
