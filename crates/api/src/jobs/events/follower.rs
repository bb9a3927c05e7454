//! The client that follows a job: a caller, or anybody with the link to its events.

use std::sync::Arc;

use actix_web::{FromRequest, HttpRequest};
use bytes::Bytes;
use darkroom_core::links::{LinkSignature, Linked, Links, has_expired};

use crate::{
    State,
    access::{Access, Caller},
    error::ApiError,
    jobs::{find, not_found, parse_id},
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
    /// The client that asks for this job's events, and the job as it is now; refused where it may not follow.
    pub(super) async fn of(
        state: &State,
        request: &HttpRequest,
        id: &str,
        signature: Option<LinkSignature>,
    ) -> Result<(Self, Arc<Snapshot>), ApiError> {
        let refused = match Caller::extract(request).await {
            Ok(caller) => match find(state, &caller, id).await {
                // It needs no link, and is told more than whoever has one.
                Ok(job) => return Ok((Self::Caller(caller), job)),
                Err(refused) => refused,
            },
            Err(refused) => refused,
        };
        let Ok(id) = parse_id(id) else { return Err(refused) };
        let until = link::admit(state, Linked::Events(id), signature, refused).await?;
        let job = state.watch.read(id).await?.ok_or_else(not_found)?;
        Ok((Self::Guest { until }, job))
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
