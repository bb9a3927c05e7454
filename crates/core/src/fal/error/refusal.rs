//! An answer that says no, in any of fal's layouts (source: fal's pages on model and on request
//! errors).

use std::fmt;

use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;

use super::{Class, kind::Kind};

/// Who said no.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The model, or the app around it: it would say the same again.
    Model,
    /// fal's queue, about the machines that models run on.
    Queue,
    /// Something in front of both, which does not speak fal's JSON.
    Gateway,
}

/// An answer that says no.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// As answered.
    pub status: StatusCode,
    /// Who said it.
    pub origin: Origin,
    /// fal's word for the error, where there is one.
    word: Option<String>,
    /// What the text of the error is about; the text itself is not kept.
    about: Option<About>,
    /// Whether fal thinks that it is worth another try, where it says so.
    retryable: Option<bool>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum About {
    Balance,
    Policy,
    Progress,
}

#[derive(Deserialize)]
struct Body {
    /// Of answers about a request: `NOT_FOUND` where there is none.
    status: Option<String>,
    detail: Option<Detail>,
    error_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Detail {
    /// From the model: an entry for each problem.
    Entries(Vec<Entry>),
    /// A sentence.
    Sentence(String),
    /// What no page of fal's mentions.
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    word: Option<String>,
    msg: Option<String>,
}

impl Refusal {
    pub(in crate::fal) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let body: Option<Body> = serde_json::from_slice(body).ok();
        let (detail, error_type) =
            body.map_or((None, None), |body| (body.detail, body.error_type.or(body.status)));
        let error_type = error_type.or(header("x-fal-error-type").map(Into::into));
        let (origin, word, text) = match detail {
            Some(Detail::Entries(entries)) => {
                let entry = entries.into_iter().find(|entry| entry.word.is_some());
                let (word, text) = entry.map_or((None, None), |entry| (entry.word, entry.msg));
                (Origin::Model, word.or(error_type), text)
            }
            Some(Detail::Sentence(text)) if error_type.is_some() => {
                (Origin::Queue, error_type, Some(text))
            }
            Some(Detail::Sentence(text)) => (Origin::Model, None, Some(text)),
            Some(Detail::Other(_)) | None if error_type.is_some() => {
                (Origin::Queue, error_type, None)
            }
            Some(Detail::Other(_)) => (Origin::Model, None, None),
            None => (Origin::Gateway, None, None),
        };
        // Two generations of the same hint.
        let retryable = header("x-fal-retryable").or(header("x-fal-needs-retry"));
        Self {
            status,
            origin,
            word: word.as_deref().map(machine_word),
            about: text.as_deref().and_then(About::of),
            retryable: retryable.map(|hint| matches!(hint, "true" | "1")),
        }
    }

    pub(super) fn class(&self) -> Class {
        match self.kind().class() {
            Class::Retry if self.retryable == Some(false) => Class::Never,
            class => class,
        }
    }

    pub(super) fn is_passing(&self) -> bool {
        let overloaded = matches!(self.status.as_u16(), 408 | 409 | 429);
        let early = self.about == Some(About::Progress);
        overloaded || early || (self.origin == Origin::Gateway && self.status.is_server_error())
    }

    pub(super) fn kind(&self) -> Kind {
        let by_word = self.word.as_deref().and_then(Kind::of_word);
        match (self.status.as_u16(), by_word) {
            (401 | 403, _) if self.about == Some(About::Balance) => Kind::ProviderBalance,
            (401 | 403, _) => Kind::ProviderAccount,
            (429, _) => Kind::ProviderBusy,
            (_, Some(kind)) => kind,
            // Partners of fal say so in their own words, under any code.
            (400..=499, None) if self.about == Some(About::Policy) => Kind::ContentPolicy,
            (402, None) => Kind::ProviderBalance,
            (404, None) => Kind::ProviderLostRequest,
            (400 | 413 | 415 | 422, None) => Kind::ProviderRefused,
            (400..=499, None) if self.origin != Origin::Gateway => Kind::ProviderRefused,
            // Whoever answered so, it was not about this request.
            (_, None) => Kind::ProviderError,
        }
    }
}

impl About {
    fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let mentions = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if mentions(&["balance", "top_up", "top up"]) {
            Some(Self::Balance)
        } else if mentions(&["still in progress"]) {
            Some(Self::Progress)
        } else if mentions(&["safety", "content policy", "moderation", "nsfw", "prohibited"]) {
            Some(Self::Policy)
        } else {
            None
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.as_deref().unwrap_or("no word for it");
        write!(f, "{} ({word}, from the {:?})", self.status, self.origin)
    }
}

/// Only what a machine's name for an error is made of: no text of anybody's gets into a log so.
fn machine_word(word: &str) -> String {
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || "_.-".contains(*letter);
    word.chars().filter(allowed).take(64).collect()
}
