//! A refusal in any of fal's layouts (source: fal's pages on model and on request errors).

use std::{fmt, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{A_MINUTE, Class, kind::Kind};
use crate::fal::malformed::hint;

/// The longest that fal is left alone when it asks for that.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

/// Who refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The model, or the app around it: it would answer the same again.
    Model,
    /// fal's queue, about the machines that models run on.
    Queue,
    /// fal's platform, about the account and what it did.
    Platform,
    /// Something in front of fal, which does not answer in fal's JSON.
    Gateway,
}

/// An answer that is not a success.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The answer's status code.
    pub status: StatusCode,
    /// Who refused.
    pub origin: Origin,
    /// fal's word for the error, where there is one.
    word: Option<String>,
    /// The subject of the error's text; the text itself is not kept.
    about: Option<About>,
    /// Whether fal calls it worth another try, where it says so.
    retryable: Option<bool>,
    /// How long fal asks to be left alone, where it does.
    pub(super) retry_after: Option<Duration>,
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
    /// In answers about a request: `NOT_FOUND` where fal does not know it.
    #[serde(default, deserialize_with = "hint")]
    status: Option<String>,
    #[serde(default, deserialize_with = "detail")]
    detail: Option<Detail>,
    #[serde(default, deserialize_with = "hint")]
    error_type: Option<String>,
    /// From the platform: its own kind of entry.
    #[serde(default, deserialize_with = "hint")]
    error: Option<PlatformError>,
}

enum Detail {
    /// From the model: an entry for each problem.
    Entries(Vec<Entry>),
    /// A sentence.
    Sentence(String),
    /// Something that none of fal's pages mentions.
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

/// Reads a field that has one of several types, none of which is promised.
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
        // The same hint, under the names of two generations.
        let retryable = header("x-fal-retryable").or(header("x-fal-needs-retry"));
        Self {
            status,
            origin,
            word: word.as_deref().map(machine_word),
            about: text.as_deref().and_then(About::of),
            retryable: retryable.map(|hint| matches!(hint, "true" | "1")),
            // Seconds only: a date would need a clock that both sides share.
            retry_after: header("retry-after")
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(|seconds| Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER)),
        }
    }

    /// What it means where a call was refused.
    pub(super) fn class(&self) -> Class {
        match self.kind().class() {
            class @ (Class::Halt | Class::Later) => class,
            _ if self.is_passing() => Class::Later,
            class => self.hinted(class),
        }
    }

    /// What it means where the request itself came to this.
    pub(super) fn class_of_end(&self) -> Class {
        match self.status.as_u16() {
            // A probe tells whether it is about the account after all.
            401..=403 => Class::Halt,
            _ => self.hinted(self.kind_of_end().class()),
        }
    }

    /// Whether the call may be answered otherwise soon. What does not answer in fal's JSON knows nothing of the call.
    fn is_passing(&self) -> bool {
        let is_away = self.origin == Origin::Platform && self.status.is_server_error();
        self.is_busy() || is_away || self.is_early() || self.origin == Origin::Gateway
    }

    fn is_busy(&self) -> bool {
        matches!(self.status.as_u16(), 408 | 409 | 429)
    }

    fn is_early(&self) -> bool {
        self.about == Some(About::Progress)
    }

    /// fal's hint that another try is useless is believed.
    fn hinted(&self, class: Class) -> Class {
        if class == Class::Retry && self.retryable == Some(false) { Class::Never } else { class }
    }

    /// Whether a result that is refused so may be what the request came to.
    pub(super) fn may_end_request(&self) -> bool {
        matches!(self.origin, Origin::Model | Origin::Queue)
            && !self.is_missing()
            && !self.is_early()
    }

    /// Whether it may be about the account or the call after all, where a request seems to have come to this.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_busy() || matches!(self.status.as_u16(), 401..=403)
    }

    /// Whether something in front of fal finds fault with the call itself.
    pub(super) fn is_gateways_veto(&self) -> bool {
        self.origin == Origin::Gateway && self.status.is_client_error() && !self.is_busy()
    }

    /// Whether nothing is there, or not any more (fal documents only 404).
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.status, StatusCode::NOT_FOUND | StatusCode::GONE)
    }

    /// How many times the call is worth making before this answer is believed.
    pub(super) fn worthwhile_tries(&self) -> u32 {
        match self.origin {
            // What a gateway answers is not believed: the job then rests without a slot.
            Origin::Gateway => 3,
            _ if self.is_missing() => A_MINUTE,
            // fal's own word for the error says that no attempt will succeed.
            _ if self.class() == Class::Never && self.word.is_some() => 1,
            Origin::Queue | Origin::Platform => 3,
            // Some proxies answer in JSON too, but without fal's word for an error.
            Origin::Model if self.status.is_server_error() && self.word.is_none() => 3,
            Origin::Model => 1,
        }
    }

    /// Whether fal itself says that it does not know the key, or that the account is locked.
    pub(super) fn is_about_account(&self) -> bool {
        let locked = self.about == Some(About::Balance) || self.about == Some(About::Lock);
        self.class() == Class::Halt && (self.status == StatusCode::UNAUTHORIZED || locked)
    }

    pub(super) fn kind(&self) -> Kind {
        match (self.status.as_u16(), self.kind_by_word()) {
            (401 | 403, _) if self.about == Some(About::Balance) => Kind::ProviderBalance,
            // Something in front of fal refuses this one call.
            (401 | 403, _) if self.origin == Origin::Gateway => Kind::ProviderError,
            (401 | 403, _) => Kind::ProviderAccount,
            (429, _) => Kind::ProviderBusy,
            (_, Some(kind)) => kind,
            // Partners of fal report this in their own words, with any status code.
            (400..=499, None) if self.about == Some(About::Policy) => Kind::ContentPolicy,
            (402, None) => Kind::ProviderBalance,
            (404 | 410, None) => Kind::ProviderLostRequest,
            (400 | 413 | 415 | 422, None) => Kind::ProviderRefused,
            (400..=499, None) if self.origin != Origin::Gateway => Kind::ProviderRefused,
            // Such an answer is not about this request.
            (_, None) => Kind::ProviderError,
        }
    }

    /// The kind where the request itself came to this: a model's status says nothing of the account.
    pub(super) fn kind_of_end(&self) -> Kind {
        match (self.status.as_u16(), self.kind_by_word()) {
            (_, Some(kind)) if kind != Kind::ProviderBusy => kind,
            (400..=499, _) if self.about == Some(About::Policy) => Kind::ContentPolicy,
            // A model that was busy to the end may not be next time.
            (400..=499, _) if !self.is_busy() => Kind::ProviderRefused,
            (_, _) => Kind::ProviderError,
        }
    }

    fn kind_by_word(&self) -> Option<Kind> {
        self.word.as_deref().and_then(Kind::of_word)
    }
}

impl Body {
    /// Who refused, their word for it, and their text.
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

/// Keeps only the characters of a machine's name for an error, so that no user's text gets into a log.
fn machine_word(word: &str) -> String {
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || "_.-".contains(*letter);
    word.chars().filter(allowed).take(64).collect()
}
