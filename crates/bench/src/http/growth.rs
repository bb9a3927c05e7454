//! Polls of many jobs, while still more are stored: answers from memory are measured for more than one job.

use std::sync::Arc;

use super::{
    copies, report,
    side::{Kind, Server, Side, measured},
};
use crate::{
    bare,
    cli::Extent,
    load::{self, Requests},
    request,
    stand::Stand,
    statements::Counter,
};

/// Jobs that are polled in turn, and how many are stored. In the last step, the API's memory has no room for all.
const STEPS: [(usize, usize); 4] =
    [(1, 1), (10_000, 10_000), (10_000, 100_000), (100_000, 100_000)];

/// Measures polls of copies of `job`.
pub(super) async fn run(
    stand: &Stand<'_>,
    counter: Counter,
    extent: &Extent,
    job: &str,
) -> anyhow::Result<()> {
    let (bare, ours) = (stand.bare()?.plan.port, stand.api.plan.port);
    let mut sets = Vec::new();
    for (polled, stored) in STEPS {
        let ids = copies::fill(stand.pool, job, stored).await?;
        let polls = ids.iter().take(polled).map(|id| request::get(&format!("/api/jobs/{id}")));
        let requests: Requests = polls.map(Arc::from).collect();
        // Polls each once before anything is measured, so that the API reads it from the database.
        load::each(ours, &requests, extent.connections).await?;
        let name = format!("{polled} in turn, of {stored}");
        let constant = request::get(bare::CONSTANT);
        let sides = [
            Side::of(Kind::Constant, Server::At(bare), constant),
            Side { kind: Kind::Darkroom, name, server: Server::At(ours), requests },
        ];
        sets.push(measured(&sides, stand, counter, extent).await?);
    }
    report::growth("GET /api/jobs/{id}, completed jobs", &sets);
    Ok(())
}
