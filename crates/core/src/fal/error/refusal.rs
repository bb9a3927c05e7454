//! An answer that says no, in any of fal's layouts (source: fal's pages on model and on request
//! errors).

use std::fmt;

use reqwest::{StatusCode, header::HeaderMap};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Class, kind::Kind};
use crate::fal::malformed::hint;

/// Who said no.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The model, or the app around it: it would say the same again.
    Model,
    /// fal's queue, about the machines that models run on.
    Queue,
    /// fal's platform, about the account and what it did.
    Platform,
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
    Lock,
    Policy,
    Progress,
}

#[derive(Deserialize)]
struct Body {
    /// Of answers about a request: `NOT_FOUND` where there is none.
    #[serde(default, deserialize_with = "hint")]
    status: Option<String>,
    #[serde(default, deserialize_with = "detail")]
    detail: Option<Detail>,
    #[serde(default, deserialize_with = "hint")]
    error_type: Option<String>,
    /// Of the platform: an entry too.
    #[serde(default, deserialize_with = "hint")]
    error: Option<PlatformError>,
}

enum Detail {
    /// From the model: an entry for each problem.
    Entries(Vec<Entry>),
    /// A sentence.
    Sentence(String),
    /// What no page of fal's mentions.
    Other,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, rename = "type", deserialize_with = "hint")]
    word: Option<String>,
    #[serde(default, deserialize_with = "hint")]
    msg: Option<String>,
}

#[derive(Deserialize)]
struct PlatformError {
    #[serde(rename = "type")]
    word: String,
    #[serde(default, deserialize_with = "hint")]
    message: Option<String>,
}

/// Of one of several types, none of which is promised.
fn detail<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Detail>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(raw.map(|raw| {
        let entries = serde_json::from_str(raw.get()).map(Detail::Entries);
        let sentence = || serde_json::from_str(raw.get()).map(Detail::Sentence);
        entries.or_else(|_| sentence()).unwrap_or(Detail::Other)
    }))
}

impl Refusal {
    pub(in crate::fal) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let body: Option<Body> = serde_json::from_slice(body).ok();
        let header_word = header("x-fal-error-type").map(str::to_owned);
        let (origin, word, text) = match body {
            Some(body) => body.read(header_word),
            None if header_word.is_some() => (Origin::Queue, header_word, None),
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
        let aside = matches!(self.origin, Origin::Gateway | Origin::Platform);
        overloaded || early || (aside && self.status.is_server_error())
    }

    /// Whether it has a word of fal's for what went wrong.
    pub(super) fn has_word(&self) -> bool {
        self.word.is_some()
    }

    /// A key that fal does not know, or an account that is locked, in fal's own words.
    pub(super) fn is_about_account(&self) -> bool {
        let locked = self.about == Some(About::Balance) || self.about == Some(About::Lock);
        self.class() == Class::Halt && (self.status == StatusCode::UNAUTHORIZED || locked)
    }

    pub(super) fn kind(&self) -> Kind {
        let by_word = self.word.as_deref().and_then(Kind::of_word);
        match (self.status.as_u16(), by_word) {
            (401 | 403, _) if self.about == Some(About::Balance) => Kind::ProviderBalance,
            // Somebody in front of fal minds this one call.
            (401 | 403, _) if self.origin == Origin::Gateway => Kind::ProviderError,
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

impl Body {
    /// Who said it, their word for it, and their text.
    fn read(self, header_word: Option<String>) -> (Origin, Option<String>, Option<String>) {
        let error_type = self.error_type.or(self.status).or(header_word);
        match (self.detail, self.error) {
            (Some(Detail::Entries(entries)), _) => {
                let entry = entries.into_iter().find(|entry| entry.word.is_some());
                let (word, text) = entry.map_or((None, None), |entry| (entry.word, entry.msg));
                (Origin::Model, word.or(error_type), text)
            }
            (Some(Detail::Sentence(text)), _) => {
                let origin = if error_type.is_some() { Origin::Queue } else { Origin::Model };
                (origin, error_type, Some(text))
            }
            (None, Some(error)) => (Origin::Platform, Some(error.word), error.message),
            (Some(Detail::Other) | None, _) if error_type.is_some() => {
                (Origin::Queue, error_type, None)
            }
            (Some(Detail::Other), _) => (Origin::Model, None, None),
            (None, None) => (Origin::Gateway, None, None),
        }
    }
}

impl About {
    fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let mentions = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if mentions(&["balance", "top_up", "top up"]) {
            Some(Self::Balance)
        } else if mentions(&["user is locked"]) {
            Some(Self::Lock)
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
