//! Who asks.

use std::sync::Arc;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use darkroom_core::api_key::{ApiKey, ApiKeyId};
use futures_util::future::LocalBoxFuture;

use super::{Access, sent::Sent};
use crate::{State, error::ApiError};

/// Who asks. A handler that takes one is not reached by who may not.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Nobody in particular, where no key is needed.
    Anybody {
        /// Whether that goes for the operators' paths, too.
        operates: bool,
    },
    /// The holder of a key.
    Key(Arc<ApiKey>),
}

impl Caller {
    async fn of(request: &HttpRequest, access: &Access) -> Result<Self, ApiError> {
        match Sent::of(request) {
            Sent::Token(token) => {
                access.keys.find(&token).await?.map(Self::Key).ok_or(ApiError::UnknownKey)
            }
            Sent::Broken => Err(ApiError::UnknownKey),
            Sent::Foreign if access.needs_key => Err(ApiError::UnknownKey),
            Sent::Nothing if access.needs_key => Err(ApiError::KeyNeeded),
            Sent::Foreign | Sent::Nothing => {
                Ok(Self::Anybody { operates: access.is_operated_by_anybody })
            }
        }
    }

    /// Whose the jobs are that it makes.
    pub(crate) fn key(&self) -> Option<ApiKeyId> {
        match self {
            Self::Anybody { .. } => None,
            Self::Key(key) => Some(key.id),
        }
    }

    /// Whether what it makes has to be held against limits of its key.
    pub(crate) fn has_limits(&self) -> bool {
        match self {
            Self::Anybody { .. } => false,
            Self::Key(key) => {
                key.limits.max_pending.is_some() || key.limits.daily_budget_micros.is_some()
            }
        }
    }

    /// Whose jobs it sees; nothing, where it sees all.
    pub(crate) fn sees_only(&self) -> Option<ApiKeyId> {
        match self {
            Self::Anybody { .. } => None,
            Self::Key(key) => (!key.is_admin).then_some(key.id),
        }
    }

    /// Whether it sees what is this key's, or nobody's.
    pub(crate) fn sees(&self, owner: Option<ApiKeyId>) -> bool {
        self.sees_only().is_none_or(|own| owner == Some(own))
    }

    /// Refuses who may not operate the service.
    pub(crate) fn operates(&self) -> Result<(), ApiError> {
        match self {
            Self::Anybody { operates: true } => Ok(()),
            Self::Anybody { operates: false } => Err(ApiError::KeyNeeded),
            Self::Key(key) if key.is_admin => Ok(()),
            Self::Key(_) => Err(ApiError::NotAdmin),
        }
    }

    /// Refuses who is held to its own.
    pub(crate) fn sees_all(&self) -> Result<(), ApiError> {
        if self.sees_only().is_none() { Ok(()) } else { Err(ApiError::NotAdmin) }
    }

    /// Whether it would still be let in: a stream may be open for days. Where that cannot be told, it would.
    pub(crate) async fn is_still_let_in(&self, access: &Access) -> bool {
        match self {
            Self::Anybody { .. } => true,
            Self::Key(key) => access.keys.holds(key).await.unwrap_or(true),
        }
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            // Asked for before, on the way to the handler.
            if let Some(known) = request.extensions().get::<Self>().cloned() {
                return Ok(known);
            }
            // There is none only where a server was put together without it.
            let state = request.app_data::<web::Data<State>>().ok_or(ApiError::KeyNeeded)?;
            let caller = Self::of(&request, &state.access).await?;
            request.extensions_mut().insert(caller.clone());
            Ok(caller)
        })
    }
}
