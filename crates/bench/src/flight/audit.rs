//! Checks that nothing was lost, nothing was bought twice, and all requests were in flight at once.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use time::OffsetDateTime;

use crate::{
    sim::{self, Entry},
    stand::Stand,
};

pub(super) async fn all(stand: &Stand<'_>, jobs: u16) -> anyhow::Result<()> {
    let all = i64::from(jobs);
    let completed = stand.look("select count(*) from jobs where status = 'completed'").await?;
    ensure!(completed == all, "{completed} of {all} jobs were completed");
    let attempts = stand.look("select count(*) from attempts").await?;
    ensure!(attempts == all, "{attempts} attempts were made at {all} jobs");
    let results = stand.look("select count(*) from images where role = 'result'").await?;
    ensure!(results == all, "{results} results were kept of {all} jobs");

    let ledger = sim::ledger(stand.sim.plan.port).await?;
    let requests: HashSet<&str> = ledger.iter().map(|entry| entry.request_id.as_str()).collect();
    ensure!(
        (ledger.len(), requests.len()) == (usize::from(jobs), usize::from(jobs)),
        "the stand-in had {} requests for {jobs} jobs",
        ledger.len()
    );
    let well = |entry: &&Entry| entry.status_code == Some(200);
    let well = ledger.iter().filter(well).count();
    ensure!(well == usize::from(jobs), "{well} of {jobs} requests ended well");

    let last_start: Option<OffsetDateTime> = ledger.iter().filter_map(|it| it.started_at).max();
    let first_end: Option<OffsetDateTime> = ledger.iter().filter_map(|it| it.ended_at).min();
    let (last_start, first_end) =
        last_start.zip(first_end).context("nothing was at the stand-in")?;
    ensure!(last_start < first_end, "a request ended before the last one began");
    Ok(())
}
