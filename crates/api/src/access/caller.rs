//! The caller of a request.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use darkroom_core::api_key::{ApiKey, ApiKeyId, Token};
use futures_util::future::{Either, LocalBoxFuture};

use super::{Access, credential::Credential};
use crate::{State, error::ApiError};

/// The caller of a request. A handler that takes one is reached only by callers that are let in.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// A caller without a key, where none is needed.
    Anybody {
        /// Whether it may also use the operators' paths.
        operates: bool,
    },
    /// The holder of a key.
    Key(Arc<ApiKey>),
}

impl Caller {
    /// A caller whose key is looked up.
    async fn of_key(token: Token, access: &Access) -> Result<Self, ApiError> {
        access.keys.find(&token).await?.map(Self::Key).ok_or(ApiError::UnknownKey)
    }

    /// A caller without a key, if there needs to be none.
    fn without_key(access: &Access, refusal: ApiError) -> Result<Self, ApiError> {
        if access.needs_key {
            return Err(refusal);
        }
        Ok(Self::Anybody { operates: access.is_operated_by_anybody })
    }

    /// The key that owns the jobs it makes; `None` for jobs of no key.
    pub(crate) fn key(&self) -> Option<ApiKeyId> {
        match self {
            Self::Anybody { .. } => None,
            Self::Key(key) => Some(key.id),
        }
    }

    /// Whether its key has limits that new jobs have to be checked against.
    pub(crate) fn has_limits(&self) -> bool {
        match self {
            Self::Anybody { .. } => false,
            Self::Key(key) => {
                key.limits.max_pending.is_some() || key.limits.daily_budget_micros.is_some()
            }
        }
    }

    /// The key whose jobs it sees; `None` if it sees all jobs.
    pub(crate) fn sees_only(&self) -> Option<ApiKeyId> {
        match self {
            Self::Anybody { .. } => None,
            Self::Key(key) => (!key.is_admin).then_some(key.id),
        }
    }

    /// Whether it sees what this key owns, or with `None` what no key owns.
    pub(crate) fn sees(&self, owner: Option<ApiKeyId>) -> bool {
        self.sees_only().is_none_or(|own| owner == Some(own))
    }

    /// Refuses a caller that may not operate the service.
    pub(crate) fn operates(&self) -> Result<(), ApiError> {
        match self {
            Self::Anybody { operates: true } => Ok(()),
            Self::Anybody { operates: false } => Err(ApiError::KeyNeeded),
            Self::Key(key) if key.is_admin => Ok(()),
            Self::Key(_) => Err(ApiError::NotAdmin),
        }
    }

    /// Refuses a caller that sees only its own jobs.
    pub(crate) fn sees_all(&self) -> Result<(), ApiError> {
        if self.sees_only().is_none() { Ok(()) } else { Err(ApiError::NotAdmin) }
    }

    /// The caller as it is now; refused if its key is revoked.
    pub(crate) async fn renewed(&self, access: &Access) -> Result<Self, ApiError> {
        let Self::Key(key) = self else { return Ok(self.clone()) };
        access.keys.renew(key).await?.map(Self::Key).ok_or(ApiError::UnknownKey)
    }

    /// Whether it would still be let in, because a stream may be open for days. True if that cannot be found out.
    pub(crate) async fn is_still_let_in(&self, access: &Access) -> bool {
        !matches!(self.renewed(access).await, Err(ApiError::UnknownKey))
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future =
        Either<Ready<Result<Self, ApiError>>, LocalBoxFuture<'static, Result<Self, ApiError>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let at_once = |caller| Either::Left(ready(caller));
        // Found before, on the way to the handler.
        if let Some(known) = request.extensions().get::<Self>().cloned() {
            return at_once(Ok(known));
        }
        // It is missing only if a server was put together without it.
        let Some(state) = request.app_data::<web::Data<State>>() else {
            return at_once(Err(ApiError::KeyNeeded));
        };
        let token = match Credential::of(request) {
            Credential::Token(token) => token,
            Credential::Broken => return at_once(Err(ApiError::UnknownKey)),
            Credential::Foreign => {
                return at_once(Self::without_key(&state.access, ApiError::UnknownKey));
            }
            Credential::Nothing => {
                return at_once(Self::without_key(&state.access, ApiError::KeyNeeded));
            }
        };
        let (request, access) = (request.clone(), state.access.clone());
        Either::Right(Box::pin(async move {
            let caller = Self::of_key(token, &access).await?;
            request.extensions_mut().insert(caller.clone());
            Ok(caller)
        }))
    }
}
