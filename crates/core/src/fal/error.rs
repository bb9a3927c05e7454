//! What goes wrong at fal, and what to do about it: classified here and nowhere else.

use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;

use crate::job::Failure;

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

/// A call to fal that did not succeed. Never shows a key or what fal echoes of the input.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer, or only a part of one.
    #[error("fal gave no answer")]
    Transport(#[source] reqwest::Error),
    /// An answer with a status code that says no.
    #[error("fal refused with {status} ({kind})")]
    Refused {
        /// As answered.
        status: StatusCode,
        /// fal's word for the error, or `unknown`.
        kind: String,
        /// The model itself answered, and not the machinery around it.
        by_model: bool,
    },
    /// A good answer that is not what fal documents.
    #[error("fal answered something unexpected")]
    Malformed(#[source] serde_json::Error),
    /// More bytes than are ever needed.
    #[error("fal answered more than {limit} bytes")]
    TooLarge {
        /// Bytes that were allowed.
        limit: usize,
    },
    /// A picture on a host that results are not fetched from.
    #[error("fal put a result on {host}, which is not among FAL_MEDIA_HOSTS")]
    ForeignHost {
        /// Of the result's address.
        host: String,
    },
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

/// The three layouts of fal's error bodies (source: fal's pages on model and request errors).
#[derive(Deserialize)]
struct Body {
    detail: Option<Detail>,
    error_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Detail {
    /// One entry a problem, from the model.
    Entries(Vec<Entry>),
    /// A sentence. Not kept: it may repeat what was sent.
    Sentence(#[expect(dead_code, reason = "only its kind matters")] String),
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Error {
    /// A call without an answer. The address is left out: it may hold a token.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = headers.get("x-fal-error-type").and_then(|value| value.to_str().ok());
        let body: Option<Body> = serde_json::from_slice(body).ok();
        let by_model = matches!(&body, Some(Body { detail: Some(Detail::Entries(_)), .. }));
        let kind = body.and_then(|body| match body.detail {
            Some(Detail::Entries(entries)) => entries.into_iter().find_map(|entry| entry.kind),
            _ => body.error_type,
        });
        let kind = kind.or(header.map(Into::into)).unwrap_or_else(|| "unknown".into());
        Self::Refused { status, kind: word(&kind), by_model }
    }

    /// What the error means for the job.
    pub fn class(&self) -> Class {
        match self {
            Self::Transport(_) | Self::TooLarge { .. } | Self::Malformed(_) | Self::NoPicture => {
                Class::Retry
            }
            Self::ForeignHost { .. } => Class::Never,
            Self::Refused { status, kind, .. } => match (status.as_u16(), kind.as_str()) {
                (401 | 403, _) => Class::Halt,
                (429, _) => Class::Later,
                // The docs give this one as 400 and as 500.
                (_, "downstream_service_error") | (404 | 408 | 409 | 500..=599, _) => Class::Retry,
                _ => Class::Never,
            },
        }
    }

    /// The machinery is away or overloaded, not the request wrong: the same call may work soon.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Refused { status, by_model, .. } => {
                !by_model && (status.is_server_error() || matches!(status.as_u16(), 408 | 429))
            }
            _ => false,
        }
    }

    /// fal does not know the request.
    pub fn is_unknown_request(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }

    /// What the job's caller may know.
    pub fn failure(&self) -> Failure {
        let (code, message) = match self {
            Self::Refused { kind, .. } if kind == "content_policy_violation" => (
                "content_policy",
                "The provider's content policy does not allow this edit. Change the prompt or the picture.",
            ),
            Self::Refused { status, .. } if matches!(status.as_u16(), 401 | 403) => (
                "provider_account",
                "The provider does not accept this service's account at the moment.",
            ),
            _ if self.is_unknown_request() => {
                ("provider_lost_request", "The provider does not know the request any more.")
            }
            Self::Refused { .. } if self.class() == Class::Never => (
                "provider_refused",
                "The provider cannot make this edit of this picture with this prompt.",
            ),
            Self::ForeignHost { .. } | Self::NoPicture | Self::TooLarge { .. } => {
                ("result_unusable", "The provider's result could not be fetched.")
            }
            _ => ("provider_error", "The provider did not complete the edit."),
        };
        Failure::new(code, message)
    }
}

/// A word of fal's, as it may be logged: no more than a machine's name for an error.
fn word(kind: &str) -> String {
    let machine = |letter: &char| letter.is_ascii_alphanumeric() || "_.-".contains(*letter);
    kind.chars().filter(machine).take(64).collect()
}
