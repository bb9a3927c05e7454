//! The sides: Darkroom, and fal's own clients.

use std::{collections::HashMap, iter, path::Path};

use anyhow::Context;
use tokio::time::Duration;

use super::peers::{self, Peer};
use crate::{
    stand::Stand,
    watching::{Watched, watch_all},
};

/// Jobs before those that count, for each job at a time: they make connections and prepare statements.
pub(super) const WARM_UP: u16 = 2;

/// Who has pictures edited.
pub(super) enum Side {
    /// Darkroom, watched by its events.
    Ours,
    /// A client of fal's.
    Peer(Peer),
}

/// A side's results in a round.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) edits: Vec<Edit>,
    /// More about each job, where the side is Darkroom.
    pub(super) watched: Vec<Watched>,
}

/// An edit, timed from the caller's first byte.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    /// Its request's id at the stand-in.
    pub(super) request_id: String,
    /// Until its caller knew that it is done.
    pub(super) seen: Duration,
    /// Until the picture was there.
    pub(super) in_hand: Duration,
}

/// Darkroom, and the clients that are installed. How to install those that are missing is printed.
pub(super) async fn all() -> Vec<Side> {
    let peers = peers::installed().await;
    iter::once(Side::Ours).chain(peers.into_iter().map(Side::Peer)).collect()
}

impl Side {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Ours => "**Darkroom: POST → `completed` in its events**".to_owned(),
            Self::Peer(peer) => peer.name.clone(),
        }
    }

    pub(super) async fn run(
        &self,
        stand: &Stand<'_>,
        picture: &Path,
        jobs: u16,
        at_a_time: u16,
    ) -> anyhow::Result<Run> {
        match self {
            Self::Ours => ours(stand, jobs, at_a_time).await,
            Self::Peer(peer) => {
                let edits = peer.run(stand.sim.plan.port, picture, jobs, at_a_time).await?;
                Ok(Run { edits, watched: Vec::new() })
            }
        }
    }
}

async fn ours(stand: &Stand<'_>, jobs: u16, at_a_time: u16) -> anyhow::Result<Run> {
    let watched = watch_all(stand.api.plan.port, (WARM_UP, jobs), at_a_time).await?;
    let requests = requests(stand, &watched).await?;
    let edits = watched.iter().map(|job| {
        let request_id = requests.get(&job.id).context("a job has no request")?.clone();
        Ok(Edit { request_id, seen: job.total, in_hand: job.with_download })
    });
    Ok(Run { edits: edits.collect::<anyhow::Result<_>>()?, watched })
}

/// The request of each job.
async fn requests(stand: &Stand<'_>, jobs: &[Watched]) -> anyhow::Result<HashMap<String, String>> {
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select job_id::text, provider_request_id from attempts where job_id = any($1::uuid[])",
    )
    .bind(&ids)
    .fetch_all(stand.pool)
    .await?;
    Ok(rows.into_iter().collect())
}
