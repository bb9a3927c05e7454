//! The client that follows a job: a caller, or anybody with the link to its events.

use actix_web::{FromRequest, HttpRequest};
use bytes::Bytes;
use darkroom_core::{
    api_key::ApiKeyId,
    job::JobId,
    links::{LinkSignature, Linked, Links, has_expired},
};

use super::parse_id;
use crate::{
    State,
    access::{Access, Caller},
    error::ApiError,
    link,
    watch::Snapshot,
};

/// The client that follows.
#[derive(Clone, Debug)]
pub(super) enum Follower {
    /// The holder of an API key; or anybody, where none is needed.
    Caller(Caller),
    /// Anybody with the signed link: a browser's `EventSource` cannot send a key.
    Guest {
        /// When the link expires.
        until: u64,
    },
}

impl Follower {
    /// The client that asks for this job's events, and the job's id; refused where it may not follow.
    pub(super) async fn of(
        state: &State,
        request: &HttpRequest,
        id: &str,
        signature: Option<LinkSignature>,
    ) -> Result<(Self, JobId), ApiError> {
        let refused = match Caller::extract(request).await {
            // A caller that is let in needs no link, and sees what its key sees.
            Ok(caller) => return Ok((Self::Caller(caller), parse_id(id)?)),
            Err(refused) => refused,
        };
        let signature = signature.ok_or(refused)?;
        let job = parse_id(id)?;
        link::check(state, Linked::Events(job), &signature).await?;
        Ok((Self::Guest { until: signature.expires }, job))
    }

    /// Whether it sees a job of this owner (`None` is a job of no key).
    pub(super) fn sees(&self, owner: Option<ApiKeyId>) -> bool {
        match self {
            Self::Caller(caller) => caller.sees(owner),
            Self::Guest { .. } => true,
        }
    }

    /// The links that it is sent. A guest's expire no later than the link that it came by.
    pub(super) fn links(&self, links: Links) -> Links {
        match self {
            Self::Caller(_) => links,
            Self::Guest { until } => links.until(*until),
        }
    }

    /// The job's JSON for this client. It is not kept: usually nobody else follows the job.
    pub(super) fn body(&self, snapshot: &Snapshot, links: &Links) -> Bytes {
        match self {
            Self::Caller(_) => snapshot.body(links),
            Self::Guest { .. } => snapshot.body_for_guests(links),
        }
    }

    /// Whether it would still be let in. A stream may be open for days.
    pub(super) async fn is_still_let_in(&self, access: &Access) -> bool {
        match self {
            Self::Caller(caller) => caller.is_still_let_in(access).await,
            Self::Guest { until } => !has_expired(*until),
        }
    }
}
