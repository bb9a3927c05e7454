//! Who follows a job: a caller, or whoever has the link to its events.

use actix_web::{FromRequest, HttpRequest};
use bytes::Bytes;
use darkroom_core::{
    api_key::ApiKeyId,
    job::JobId,
    links::{Linked, Links, has_expired},
};

use super::parse_id;
use crate::{
    State,
    access::{Access, Caller},
    error::ApiError,
    link,
    watch::Snapshot,
};

/// Who follows.
#[derive(Clone, Debug)]
pub(super) enum Follower {
    /// The holder of a key; or anybody, where none is needed.
    Caller(Caller),
    /// Whoever has the link: a browser's `EventSource` can send no key.
    Guest {
        /// When the link expires.
        until: u64,
    },
}

impl Follower {
    /// Who asks for this job's events, if they may.
    pub(super) async fn of(
        state: &State,
        request: &HttpRequest,
        id: &str,
    ) -> Result<(Self, JobId), ApiError> {
        let mut parameters = link::Parameters::default();
        for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            parameters.take(&name, &value)?;
        }
        let signature = parameters.signature()?;
        let refused = match Caller::extract(request).await {
            // Whoever is let in needs no link, and is held to its key.
            Ok(caller) => return Ok((Self::Caller(caller), parse_id(id)?)),
            Err(refused) => refused,
        };
        let signature = signature.ok_or(refused)?;
        let job = parse_id(id)?;
        link::check(state, Linked::Events(job), &signature).await?;
        Ok((Self::Guest { until: signature.expires }, job))
    }

    /// Whether it sees a job that is this key's, or nobody's.
    pub(super) fn sees(&self, owner: Option<ApiKeyId>) -> bool {
        match self {
            Self::Caller(caller) => caller.sees(owner),
            Self::Guest { .. } => true,
        }
    }

    /// Links as it is told them: a guest's open nothing for longer than the one that it came by.
    pub(super) fn links(&self, links: Links) -> Links {
        match self {
            Self::Caller(_) => links,
            Self::Guest { until } => links.until(*until),
        }
    }

    /// The job as it is told it. As a rule nobody else follows it.
    pub(super) fn body(&self, snapshot: &Snapshot, links: &Links) -> Bytes {
        match self {
            Self::Caller(_) => snapshot.body(links),
            Self::Guest { .. } => snapshot.body_for_guests(links),
        }
    }

    /// Whether it would still be let in: a stream may be open for days.
    pub(super) async fn is_still_let_in(&self, access: &Access) -> bool {
        match self {
            Self::Caller(caller) => caller.is_still_let_in(access).await,
            Self::Guest { until } => !has_expired(*until),
        }
    }
}
