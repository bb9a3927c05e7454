//! Errors as clients see them: `application/problem+json` (RFC 9457) with a stable `code`.
//!
//! Causes are never sent: they are logged once, where the answer is made.

mod answer;
mod brief;
mod code;
mod problem;
mod unserved;

use std::{fmt::Display, io, num::NonZeroU32, time::Duration};

use actix_web::error::PayloadError;
use darkroom_core::{db, fal};

use brief::brief;
pub(crate) use code::Code;
pub(crate) use problem::{PROBLEM, Problem};
pub(crate) use unserved::{fill_empty_bodies, no_such_path};

/// The most bytes of a field's name in a refusal. JSON and parameters may have any.
const MOST_FIELD_BYTES: usize = 256;

/// The most bytes of a refusal's sentence, which may quote what was sent.
const MOST_DETAIL_BYTES: usize = 1024;

/// Seconds after which a client may try again when the database is away.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 5;

/// Every `code` that a problem may have, with its status.
pub fn error_codes() -> impl Iterator<Item = (&'static str, u16)> {
    Code::ALL.iter().map(|code| (code.as_str(), code.status().as_u16()))
}

/// Why a request was refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// There is no such path, job or image.
    #[error("{0}")]
    NotFound(&'static str),
    /// The path exists, but does not take this method.
    #[error("This path does not accept the method; the Allow header lists those that it accepts.")]
    MethodNotAllowed,
    /// The job cannot be cancelled any more.
    #[error("The job is completed or has failed, so it cannot be cancelled.")]
    HasEnded,
    /// Only a job that failed can be tried again.
    #[error("The job has not failed, and only a failed job can be tried again.")]
    HasNotFailed,
    /// The job that was made under the same idempotency key is deleted.
    #[error(
        "The job that was made with this Idempotency-Key is deleted. Send another key to make another job."
    )]
    JobDeleted,
    /// An API key is needed, and none was sent.
    #[error("An API key is needed: send it in the header 'Authorization: Bearer' or 'X-API-Key'.")]
    KeyNeeded,
    /// What was sent is not a valid API key. Whether it ever was one is not said.
    #[error("The API key that was sent does not exist or has been revoked.")]
    UnknownKey,
    /// The path is for operators, and the key is not an operator's.
    #[error("This path is for operators: it needs an API key that was made with --admin.")]
    NotAdmin,
    /// The link's signature is not ours, or is for another address.
    #[error("The link's signature was not made by this service, or was made for another address.")]
    ForeignLink,
    /// The link has expired.
    #[error("The link has expired. Read the job again: it has a new one.")]
    ExpiredLink,
    /// A page of an origin that is not allowed wants to change something.
    #[error(
        "Web pages of this origin may not change anything here: CORS_ALLOWED_ORIGINS does not list it."
    )]
    ForeignOrigin,
    /// Where no keys are needed: the request was sent to a name that anybody may have led here.
    #[error(
        "Without an API key, only requests to the host of PUBLIC_URL, to an address or to a private name are answered: any web page could have led another name here. Set PUBLIC_URL to what clients call this server."
    )]
    ForeignHost,
    /// A notice (the provider's webhook) that does not prove to be the provider's.
    #[error("The webhook is not signed by the provider, or its signature is not recent.")]
    Unauthentic,
    /// A notice that cannot be verified now, because the provider's keys cannot be fetched.
    #[error(
        "The keys that verify the provider's webhooks cannot be fetched at the moment. Try again shortly."
    )]
    KeysAway(#[source] fal::Error),
    /// The body has a media type that the operation does not take.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// The body breaks off or is malformed.
    #[error("{0}")]
    MalformedBody(&'static str),
    /// The body has more bytes than all of its pictures and other fields may have together.
    #[error("The body has more bytes than all pictures and fields may have together.")]
    EndlessBody,
    /// The body comes too slowly.
    #[error("The body arrived too slowly.")]
    SlowBody,
    /// The last event's id, in the named header or parameter, cannot be the id of an event of ours.
    #[error("The {0} must be the id of an event of this stream.")]
    BadEventId(&'static str),
    /// One field is wrong; the sentence says how.
    #[error("{detail}")]
    Invalid {
        /// Stable, for programs.
        code: Code,
        /// The field that is wrong.
        field: String,
        /// For people.
        detail: String,
    },
    /// A picture, or all pictures of a request together, have more bytes than are accepted.
    #[error("There are more than {limit} bytes in '{field}', the most that are accepted.")]
    TooLarge {
        /// The field that is wrong.
        field: String,
        /// The most bytes that are accepted.
        limit: usize,
    },
    /// A body that is read whole has more bytes than are accepted.
    #[error("The body has more bytes than are accepted here.")]
    BodyTooLarge,
    /// The requested range is past the file's end.
    #[error("The file has {length} bytes, and ends before the part that was requested.")]
    RangeNotSatisfiable {
        /// Bytes of the file.
        length: u64,
    },
    /// A stored image does not decode.
    #[error("The image is damaged and cannot be scaled. Without 'w', it is sent as it is stored.")]
    DamagedImage,
    /// The service is asked for more at the moment than it can do.
    #[error("The service has too much to do at the moment. Try again shortly.")]
    Busy,
    /// The caller is over one of its limits.
    #[error("{detail}")]
    Limited {
        /// Stable, for programs.
        code: Code,
        /// For people: which limit, and until when.
        detail: String,
        /// How long to wait before trying again.
        wait: Duration,
    },
    /// The database is away.
    #[error("The service cannot reach its database at the moment. Try again shortly.")]
    Unavailable(#[source] db::Error),
    /// The database went away while a job was being made, or after that.
    #[error(
        "The service lost its database, and the job may have been made. Send the request again shortly; with the same Idempotency-Key, no second job is made."
    )]
    JobMayExist(#[source] db::Error),
    /// A fault of ours.
    #[error("Something went wrong in the service; its log has the cause.")]
    Internal(#[source] db::Error),
}

impl ApiError {
    /// A field that is wrong. Both texts are cut off where they are too long.
    pub(crate) fn invalid(code: Code, field: impl Display, detail: impl Display) -> Self {
        let (field, detail) = (brief(field, MOST_FIELD_BYTES), brief(detail, MOST_DETAIL_BYTES));
        Self::Invalid { code, field, detail }
    }

    /// A model that is not on offer.
    pub(crate) fn unknown_model() -> Self {
        let detail = "There is no model with this id. GET /api/models lists the models.";
        Self::invalid(Code::UnknownModel, "model", detail)
    }

    /// A text with a NUL character, which the database cannot store.
    pub(crate) fn nul(field: &str) -> Self {
        let detail = format!("The field '{field}' must not contain NUL characters.");
        Self::invalid(Code::InvalidCharacter, field, detail)
    }

    pub(crate) fn too_fast(per_minute: u32, wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil();
        let detail = format!(
            "At most {per_minute} of these requests are accepted in a minute. The next one is accepted in {seconds} s."
        );
        Self::Limited { code: Code::RateLimited, detail, wait }
    }

    pub(crate) fn too_many_at_once(most: NonZeroU32) -> Self {
        let detail = format!(
            "At most {most} requests of one caller may be under way at the same time, including streams of events and requests that wait. End some of them."
        );
        let wait = Duration::from_secs(RETRY_AFTER_SECONDS.into());
        Self::Limited { code: Code::TooManyAtOnce, detail, wait }
    }

    /// Its `code` in the answer.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::NotFound(_) => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::HasEnded => Code::HasEnded,
            Self::HasNotFailed => Code::HasNotFailed,
            Self::JobDeleted => Code::IdempotencyJobDeleted,
            Self::KeyNeeded => Code::ApiKeyNeeded,
            Self::UnknownKey => Code::UnknownApiKey,
            Self::NotAdmin => Code::NotAdmin,
            Self::ForeignLink => Code::InvalidLink,
            Self::ExpiredLink => Code::ExpiredLink,
            Self::ForeignOrigin => Code::ForeignOrigin,
            Self::ForeignHost => Code::ForeignHost,
            Self::Unauthentic => Code::NotAuthentic,
            Self::KeysAway(_) => Code::KeysUnavailable,
            Self::UnsupportedMediaType(_) => Code::UnsupportedMediaType,
            Self::MalformedBody(_) => Code::MalformedBody,
            Self::BadEventId(_) => Code::InvalidEventId,
            Self::Invalid { code, .. } | Self::Limited { code, .. } => *code,
            Self::SlowBody => Code::RequestTimeout,
            Self::TooLarge { .. } | Self::EndlessBody => Code::UploadTooLarge,
            Self::BodyTooLarge => Code::BodyTooLarge,
            Self::RangeNotSatisfiable { .. } => Code::RangeNotSatisfiable,
            Self::DamagedImage => Code::DamagedImage,
            Self::Busy => Code::Busy,
            Self::Unavailable(_) | Self::JobMayExist(_) => Code::DatabaseUnavailable,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The field at fault, if it is a single one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } | Self::TooLarge { field, .. } => Some(field),
            Self::BadEventId(field) => Some(field),
            Self::JobDeleted => Some("Idempotency-Key"),
            Self::RangeNotSatisfiable { .. } => Some("Range"),
            _ => None,
        }
    }

    /// The body that the client is sent.
    pub(crate) fn problem(&self) -> Problem {
        Problem::new(self.code(), self.to_string(), self.field().map(Into::into))
    }
}

impl From<db::Error> for ApiError {
    fn from(error: db::Error) -> Self {
        if error.is_unavailable() { Self::Unavailable(error) } else { Self::Internal(error) }
    }
}

impl ApiError {
    /// Why a job could not be made, as far as that is known.
    pub(crate) fn of_making(error: db::Error) -> Self {
        if error.is_unavailable() && !error.has_done_nothing() {
            return Self::JobMayExist(error);
        }
        error.into()
    }

    /// This error, where a job was made before.
    pub(crate) fn after_making(self) -> Self {
        match self {
            Self::Unavailable(error) => Self::JobMayExist(error),
            error => error,
        }
    }

    /// Why a body could not be read to its end.
    pub(crate) fn of_body(error: &PayloadError) -> Self {
        match error {
            PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::SlowBody,
            PayloadError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Self::EndlessBody
            }
            _ => Self::MalformedBody("The body is incomplete."),
        }
    }
}
