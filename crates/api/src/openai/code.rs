//! The codes by which OpenAI's clients tell errors apart.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use darkroom_core::job::Failure;
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};

use crate::error;

/// Codes that only errors under `/v1` have. OpenAI's clients know the first two.
#[derive(Clone, Copy, Debug, Eq, IntoStaticStr, PartialEq, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Code {
    /// In place of `unknown_model`.
    ModelNotFound,
    /// The request, or its result, is not allowed.
    ModerationBlocked,
    StillRunning,
    ResultUnavailable,
    JobCancelled,
    JobDeleted,
}

impl Code {
    /// All of them.
    pub(crate) const ALL: &[Self] = Self::VARIANTS;

    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::ModelNotFound | Self::ModerationBlocked => StatusCode::BAD_REQUEST,
            Self::StillRunning => StatusCode::GATEWAY_TIMEOUT,
            Self::ResultUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::JobCancelled | Self::JobDeleted => StatusCode::CONFLICT,
        }
    }
}

/// A code from any source: ours, one of `/v1` only, or a failure's.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct AnyCode(Cow<'static, str>);

impl From<Code> for AnyCode {
    fn from(code: Code) -> Self {
        Self(code.as_str().into())
    }
}

impl From<error::Code> for AnyCode {
    fn from(code: error::Code) -> Self {
        match code {
            error::Code::UnknownModel => Code::ModelNotFound.into(),
            code => Self(code.as_str().into()),
        }
    }
}

impl From<&Failure> for AnyCode {
    fn from(failure: &Failure) -> Self {
        Self(failure.code.clone().into())
    }
}
