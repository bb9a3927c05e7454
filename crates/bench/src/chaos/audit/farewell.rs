//! Farewell: every API and worker ends when it is told to, and no worker leaves its row behind.

use tokio::time::Duration;

use super::Evidence;
use crate::chaos::{fault::Seat, house::House, report::Report};

/// How long an idle process may take to end, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn judge(
    house: &House,
    evidence: &Evidence<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (seat, place) in house.seats().filter(|(seat, _)| *seat != Seat::Sim) {
        match place.role.lock().await.terminate(PATIENCE).await {
            Ok(status) if status.success() => {}
            Ok(status) => evidence.tally.note_broken(format!("{seat} was told to stop: {status}")),
            Err(error) => evidence.tally.note_broken(format!("{error:#}")),
        }
    }
    let registered = house.workers_registered().await?;
    report.never(
        "workers that left without a word",
        (registered > 0).then(|| format!("{registered} are still on record")),
    );
    Ok(())
}
