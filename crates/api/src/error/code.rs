//! The codes by which clients tell errors apart, and their statuses.

use actix_web::http::StatusCode;
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Identifies the error, for programs. A code never changes its meaning. New codes may be added: treat one that you do
/// not know by its status.
// `docs/errors.md` says when each is sent, and what to do then.
#[derive(Clone, Copy, Debug, Eq, IntoStaticStr, PartialEq, Serialize, ToSchema, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Code {
    NotFound,
    MethodNotAllowed,
    ApiKeyNeeded,
    UnknownApiKey,
    NotAuthentic,
    NotAdmin,
    InvalidLink,
    ExpiredLink,
    ForeignOrigin,
    ForeignHost,
    HasEnded,
    HasNotFailed,
    IdempotencyJobDeleted,
    MalformedBody,
    RequestTimeout,
    InvalidEventId,
    UploadTooLarge,
    BodyTooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    MissingField,
    EmptyField,
    UnknownField,
    DuplicateField,
    ConflictingFields,
    TooManyFields,
    InvalidField,
    TooLong,
    InvalidEncoding,
    InvalidCharacter,
    OutOfRange,
    UnsupportedImageType,
    DamagedImage,
    TooManyPixels,
    TooManyImages,
    InvalidBase64,
    InvalidUrl,
    PrivateAddress,
    UnfetchableImage,
    UnknownModel,
    InvalidOption,
    OptionNotSupported,
    InvalidPriority,
    InvalidCache,
    InvalidMetadata,
    InvalidTime,
    InThePast,
    TooFarAhead,
    UnknownEvent,
    InvalidId,
    UnknownParent,
    ParentNotCompleted,
    InvalidParentImage,
    UnknownParentImage,
    InvalidIdempotencyKey,
    IdempotencyConflict,
    UnknownParameter,
    DuplicateParameter,
    InvalidFilter,
    TooManyFilters,
    InvalidLimit,
    InvalidCursor,
    InvalidStatus,
    InvalidWait,
    InvalidWidth,
    InvalidExpires,
    InvalidDownload,
    InvalidDate,
    InvalidRange,
    RateLimited,
    TooManyAtOnce,
    TooManyPending,
    BudgetExhausted,
    DatabaseUnavailable,
    KeysUnavailable,
    Busy,
    Internal,
}

impl Code {
    /// All of them.
    pub(crate) const ALL: &[Self] = Self::VARIANTS;

    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NotFound | Self::UnknownParent => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ApiKeyNeeded | Self::UnknownApiKey | Self::NotAuthentic => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotAdmin
            | Self::InvalidLink
            | Self::ExpiredLink
            | Self::ForeignOrigin
            | Self::ForeignHost => StatusCode::FORBIDDEN,
            Self::HasEnded | Self::HasNotFailed | Self::IdempotencyJobDeleted => {
                StatusCode::CONFLICT
            }
            Self::MalformedBody | Self::InvalidEventId => StatusCode::BAD_REQUEST,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::UploadTooLarge | Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::RateLimited
            | Self::TooManyAtOnce
            | Self::TooManyPending
            | Self::BudgetExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::DatabaseUnavailable | Self::KeysUnavailable | Self::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}
