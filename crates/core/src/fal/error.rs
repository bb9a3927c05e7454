//! What goes wrong at fal, and what to do about it: classified here and nowhere else.
//!
//! Nothing that fal echoes of the input is kept, and no address: both may hold what is nobody
//! else's business.

mod kind;
mod refusal;
#[cfg(test)]
mod tests;

use reqwest::StatusCode;

use super::malformed::Malformed;
use crate::job::Failure;
use kind::Kind;
pub use refusal::{Origin, Refusal};

/// What an error means for a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// Another attempt may well succeed.
    Retry,
    /// No attempt ever will.
    Never,
    /// Not now: ask again, it costs no attempt.
    Later,
    /// The key or the balance is the problem: no submission will succeed until that changes.
    Halt,
}

/// A call to fal that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer, or only a part of one.
    #[error("fal gave no answer")]
    Transport(#[source] reqwest::Error),
    /// An answer with a status code that says no.
    #[error("fal refused: {0}")]
    Refused(Refusal),
    /// A good answer that is not what fal documents.
    #[error("fal answered something unexpected")]
    Malformed(#[source] Malformed),
    /// An answer that began and then brought nothing for too long.
    #[error("fal fell silent in the middle of an answer")]
    Silent,
    /// fal did not answer a moment ago, and was not asked again.
    #[error("fal was not asked: it did not answer a moment ago")]
    AskedTooSoon,
    /// More bytes than are ever needed.
    #[error("fal answered more than {limit} bytes")]
    TooLarge {
        /// Bytes that were allowed.
        limit: usize,
    },
    /// A request at a provider that is not the configured one.
    #[error("the request was made at another provider")]
    ForeignRequest,
    /// An address to upload to that does not hold.
    #[error("an upload's address is refused ({0})")]
    AddressRefused(StatusCode),
    /// A list that comes so slowly that others wait for too long to look through theirs.
    #[error("fal's list of requests takes too long to read")]
    SlowList,
    /// An output that is not there any more.
    #[error("an output is gone ({0})")]
    OutputGone(StatusCode),
    /// A picture on a host that results are not fetched from.
    #[error("fal put a result on {host}, which is not among FAL_MEDIA_HOSTS")]
    ForeignHost {
        /// Of the result's address.
        host: String,
    },
    /// A result that came whole, and is not what fal documents.
    #[error("fal's result is something unexpected")]
    UnexpectedResult(#[source] Malformed),
    /// The result is not a picture, or names none.
    #[error("fal's result holds no picture")]
    NoPicture,
}

/// A submission that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It surely did not arrive, or was surely refused: submitting again pays once.
    #[error("the submission was not accepted")]
    NotAccepted(#[source] Error),
    /// It may have arrived: submitting again might pay twice.
    #[error("it is unknown whether the submission was accepted")]
    Unknown(#[source] Error),
}

impl AsRef<Error> for Error {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<Error> for SubmitError {
    fn as_ref(&self) -> &Error {
        match self {
            Self::NotAccepted(error) | Self::Unknown(error) => error,
        }
    }
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Retry, Self::Never, Self::Later, Self::Halt];

    /// In metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Never => "never",
            Self::Later => "later",
            Self::Halt => "halt",
        }
    }
}

impl Error {
    /// A call without an answer. The address is left out: it may hold a token.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    /// What the error means for the job.
    pub fn class(&self) -> Class {
        match self {
            Self::Transport(_)
            | Self::Silent
            | Self::AskedTooSoon
            | Self::AddressRefused(_)
            | Self::SlowList
            | Self::Malformed(_)
            | Self::ForeignRequest
            | Self::OutputGone(_) => Class::Retry,
            // Bought again, it would be no better.
            Self::ForeignHost { .. }
            | Self::TooLarge { .. }
            | Self::UnexpectedResult(_)
            | Self::NoPicture => Class::Never,
            Self::Refused(refusal) => refusal.class(),
        }
    }

    /// How often the same call is worth making before its error is believed: gateways hiccup, the
    /// queue may, and what a model said it will say again.
    pub fn worthwhile_tries(&self) -> u32 {
        match self {
            // What is not there yet may be on its way, and a page of somebody else's in its place: about a minute of
            // asking.
            Self::Transport(_)
            | Self::Silent
            | Self::OutputGone(_)
            | Self::Malformed(Malformed::NotJson { .. }) => 8,
            Self::Refused(refusal) if refusal.status == StatusCode::NOT_FOUND => 8,
            Self::Refused(refusal) => match refusal.origin {
                Origin::Gateway => 8,
                // In so many words.
                _ if refusal.class() == Class::Never && refusal.has_word() => 1,
                Origin::Queue | Origin::Platform => 3,
                // Some proxies speak JSON, too, and have no word of fal's for it.
                Origin::Model if refusal.status.is_server_error() && !refusal.has_word() => 3,
                Origin::Model => 1,
            },
            // What was garbled on the way.
            Self::Malformed(Malformed::Field(_)) | Self::UnexpectedResult(_) | Self::NoPicture => 3,
            Self::AskedTooSoon
            | Self::AddressRefused(_)
            | Self::SlowList
            | Self::TooLarge { .. }
            | Self::ForeignHost { .. }
            | Self::ForeignRequest => 1,
        }
    }

    /// Whether it is how a request ended, in the words of its model or its queue. That is not charged for.
    pub fn is_of_the_request(&self) -> bool {
        let Self::Refused(refusal) = self else { return false };
        matches!(refusal.origin, Origin::Model | Origin::Queue) && !self.is_unknown_request()
    }

    /// The machinery is away or overloaded, not the request wrong: the same call may work soon.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport(_)
            | Self::Silent
            | Self::AskedTooSoon
            | Self::Malformed(Malformed::NotJson { .. }) => true,
            Self::Refused(refusal) => refusal.is_passing(),
            _ => false,
        }
    }

    /// It is about the account beyond doubt, and not about this one call.
    pub fn is_about_account(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_about_account())
    }

    /// fal does not know the request.
    pub fn is_unknown_request(&self) -> bool {
        match self {
            Self::ForeignRequest => true,
            Self::Refused(refusal) => {
                refusal.status == StatusCode::NOT_FOUND
                    && matches!(refusal.origin, Origin::Model | Origin::Queue)
            }
            _ => false,
        }
    }

    /// Somebody answered 404, if only a gateway: it counts when it does not stop.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(Refusal { status: StatusCode::NOT_FOUND, .. }))
    }

    /// What the job's caller may know.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::ForeignHost { .. }
            | Self::UnexpectedResult(_)
            | Self::NoPicture
            | Self::TooLarge { .. }
            | Self::OutputGone(_) => Kind::ResultUnusable,
            Self::ForeignRequest => Kind::ProviderLostRequest,
            Self::Transport(_)
            | Self::Silent
            | Self::AskedTooSoon
            | Self::AddressRefused(_)
            | Self::SlowList
            | Self::Malformed(_) => Kind::ProviderError,
        };
        Failure::new(kind.code(), kind.sentence())
    }
}
