//! What goes wrong at fal, and what to do about it: classified here and nowhere else.
//!
//! Neither what fal echoes of the input nor any address is kept: both may hold private data.

mod kind;
mod refusal;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::StatusCode;
use strum::{IntoStaticStr, VariantArray};

use super::malformed::Malformed;
use crate::job::Failure;
use kind::Kind;
pub use refusal::{Origin, Refusal};

/// So many tries of a call, one after the other, take about a minute.
const A_MINUTE: u32 = 8;

/// What an error means for a job.
#[derive(Clone, Copy, Debug, Eq, IntoStaticStr, PartialEq, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Class {
    /// Another attempt may well succeed.
    Retry,
    /// No attempt ever will.
    Never,
    /// Not now: ask again later; it costs no attempt.
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
    /// An answer with a status code that is not a success.
    #[error("fal refused: {0}")]
    Refused(Refusal),
    /// The request came to this, by its model or fal's queue: where it is asked for its result, fal answers with that.
    #[error("the request failed: {0}")]
    Failed(Refusal),
    /// A successful answer that is not what fal documents.
    #[error("fal answered something unexpected")]
    Malformed(#[source] Malformed),
    /// An answer that began and then stopped for too long, or a stream that did not begin in time.
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
    /// The address to upload to was refused.
    #[error("an upload's address is refused ({0})")]
    AddressRefused(StatusCode),
    /// An input is larger than fal stores.
    #[error("an upload is too large for fal's storage")]
    InputTooLarge,
    /// Reading fal's list takes so long that other searches would wait for too long.
    #[error("fal's list of requests takes too long to read")]
    SlowList,
    /// An output that is not there any more.
    #[error("an output is gone ({0})")]
    OutputGone(StatusCode),
    /// A picture on a host that results are not fetched from.
    #[error("fal put a result on {host}, which is not among FAL_MEDIA_HOSTS")]
    ForeignHost {
        /// The host in the result's address.
        host: String,
    },
    /// A result that arrived whole, but is not what fal documents.
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

impl Error {
    /// The error of a call without an answer. The address is left out, because it may hold a token.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    /// The error of asking for a request's result, which fal answers as the model did, status code and all: it is about
    /// the request, unless something else answered.
    pub(super) fn of_result(self) -> Self {
        match self {
            // The result will not change: it is what the request came to.
            Self::Malformed(field @ Malformed::Field(_)) => Self::UnexpectedResult(field),
            Self::Refused(refusal) if refusal.may_end_request() => Self::Failed(refusal),
            error => error,
        }
    }

    /// What the error means for the job.
    pub fn class(&self) -> Class {
        match self {
            Self::Transport(_)
            | Self::Silent
            | Self::AskedTooSoon
            | Self::Malformed(Malformed::NotJson { .. }) => Class::Later,
            Self::AddressRefused(_)
            | Self::SlowList
            | Self::Malformed(Malformed::Field(_))
            | Self::ForeignRequest
            | Self::OutputGone(_) => Class::Retry,
            // Another attempt would be paid for, and end no better.
            Self::ForeignHost { .. }
            | Self::TooLarge { .. }
            | Self::UnexpectedResult(_)
            | Self::InputTooLarge
            | Self::NoPicture => Class::Never,
            Self::Refused(refusal) => refusal.class(),
            Self::Failed(refusal) => refusal.class_of_end(),
        }
    }

    /// How many times the same call is worth making, one after the other, before its error is believed: gateways fail
    /// in passing, the queue may, and a model would only answer the same again.
    pub fn worthwhile_tries(&self) -> u32 {
        match self {
            // What is missing may still be on its way, and a proxy may send a page of its own in between.
            Self::Transport(_)
            | Self::Silent
            | Self::OutputGone(_)
            | Self::Malformed(Malformed::NotJson { .. }) => A_MINUTE,
            Self::Failed(refusal) if refusal.is_doubtful() => A_MINUTE,
            Self::Refused(refusal) | Self::Failed(refusal) => refusal.worthwhile_tries(),
            // It may have been garbled on the way.
            Self::Malformed(Malformed::Field(_)) | Self::UnexpectedResult(_) | Self::NoPicture => 3,
            Self::AskedTooSoon
            | Self::AddressRefused(_)
            | Self::InputTooLarge
            | Self::SlowList
            | Self::TooLarge { .. }
            | Self::ForeignHost { .. }
            | Self::ForeignRequest => 1,
        }
    }

    /// Whether something in front of fal finds fault with this one call, and may go on to do so.
    pub fn is_gateways_veto(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_gateways_veto())
    }

    /// How long fal asks to be left alone, where it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) | Self::Failed(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Whether the request itself surely ended without a result, which is not charged for.
    pub fn is_free(&self) -> bool {
        matches!(self, Self::Failed(refusal) if !refusal.is_doubtful())
    }

    /// Whether the request seems to have come to this, and it may be about the account or the call after all.
    pub fn is_doubtful_end(&self) -> bool {
        matches!(self, Self::Failed(refusal) if refusal.is_doubtful())
    }

    /// Whether it is certainly about the account, and not about this one call or request.
    pub fn is_about_account(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_about_account())
    }

    /// Whether fal does not know the request.
    pub fn is_unknown_request(&self) -> bool {
        match self {
            Self::ForeignRequest => true,
            Self::Refused(refusal) => {
                refusal.is_missing() && matches!(refusal.origin, Origin::Model | Origin::Queue)
            }
            _ => false,
        }
    }

    /// Whether anything answered 404 or 410, even a gateway: that counts if it goes on.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_missing())
    }

    /// The failure that the job's caller may see.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Failed(refusal) => refusal.kind_of_end(),
            Self::InputTooLarge => Kind::ImageTooLarge,
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
