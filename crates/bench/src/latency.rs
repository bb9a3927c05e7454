//! `latency`: the time from POST until a watcher sees `completed`, less the time of the edit itself; compared with
//! fal's own clients, which call the same stand-in directly.

mod peers;
mod sides;
mod stages;

use std::{collections::HashMap, fs};

use anyhow::Context;
use tokio::time::Duration;

use crate::{
    cli::Extent,
    load::{milliseconds, percentile, share},
    picture, sim,
    stand::{self, Spec, Stand},
    table::{self, ratio},
};
use sides::{Run, Side};

/// An edit takes 0.5 to 1 s, evenly distributed.
///
/// A client that asks at intervals is then late by half of its interval on average; if all edits took the same time, it
/// might happen to ask at the right moment each time.
const EDITS: &str = r#"{"faults": [{"at": "run", "latency": {"uniform": [0.5, 1.0]}}]}"#;

/// Jobs at a time: one by itself, and as many as the stand-in makes at once.
const AT_A_TIME: [u16; 2] = [1, stand::EDITS_AT_A_TIME];

/// Follows jobs on all sides in turn, round by round.
pub(crate) async fn run(extent: &Extent) -> anyhow::Result<()> {
    let picture = tempfile::Builder::new().prefix("darkroom-bench-").suffix(".jpg").tempfile()?;
    fs::write(picture.path(), picture::jpeg()?)?;
    stand::measure(Spec::default(), async |stand| {
        stand.introduce("Latency").await?;
        sim::behave(stand.sim.plan.port, EDITS).await?;
        let sides = sides::all().await;
        for at_a_time in AT_A_TIME {
            let mut runs: Vec<Vec<Run>> = sides.iter().map(|_| Vec::new()).collect();
            for round in 0..extent.rounds {
                let jobs = share(extent.jobs, extent.rounds, round).max(at_a_time);
                for (side, runs) in sides.iter().zip(&mut runs) {
                    runs.push(side.run(stand, picture.path(), jobs, at_a_time).await?);
                }
            }
            report(stand, &sides, &runs, at_a_time).await?;
            if at_a_time == 1 {
                let ours: Vec<_> = runs.iter().flatten().flat_map(|run| &run.watched).collect();
                stages::print(stand, &ours).await?;
            }
        }
        Ok(())
    })
    .await
}

/// The times that were added to the stand-in's own.
struct Added {
    seen: Vec<Duration>,
    in_hand: Vec<Duration>,
}

async fn report(
    stand: &Stand<'_>,
    sides: &[Side],
    runs: &[Vec<Run>],
    at_a_time: u16,
) -> anyhow::Result<()> {
    let ledger = sim::ledger(stand.sim.plan.port).await?;
    let own: HashMap<&str, Duration> = ledger
        .iter()
        .map(|entry| Ok((entry.request_id.as_str(), entry.own_time()?)))
        .collect::<anyhow::Result<_>>()?;
    let all: Vec<Added> =
        runs.iter().map(|runs| Added::of(runs, &own)).collect::<anyhow::Result<_>>()?;
    let Some(ours) = all.first() else { return Ok(()) };
    let mut rows = Vec::new();
    for (side, added) in sides.iter().zip(&all) {
        let over = |percent| {
            let [theirs, ours] = [added, ours].map(|it| percentile(&it.seen, percent).ok());
            ratio(theirs.map(|it| it.as_secs_f64()), ours.map(|it| it.as_secs_f64()))
        };
        rows.push([
            side.name(),
            added.seen.len().to_string(),
            milliseconds(percentile(&added.seen, 50)?),
            milliseconds(percentile(&added.seen, 99)?),
            over(50),
            over(99),
            milliseconds(percentile(&added.in_hand, 50)?),
            milliseconds(percentile(&added.in_hand, 99)?),
        ]);
    }
    let what = format!(
        "{at_a_time} at a time, an edit of 500 to 1000 ms; added to the stand-in's own time"
    );
    table::print(
        [
            &what,
            "jobs",
            "p50 ms",
            "p99 ms",
            "p50 ÷ ours",
            "p99 ÷ ours",
            "with download, p50 ms",
            "with download, p99 ms",
        ],
        &rows,
    );
    Ok(())
}

impl Added {
    fn of(runs: &[Run], own: &HashMap<&str, Duration>) -> anyhow::Result<Self> {
        let (mut seen, mut in_hand) = (Vec::new(), Vec::new());
        for edit in runs.iter().flat_map(|run| &run.edits) {
            let own = own.get(edit.request_id.as_str());
            let own = *own.context("the stand-in knows no such edit")?;
            seen.push(edit.seen.saturating_sub(own));
            in_hand.push(edit.in_hand.saturating_sub(own));
        }
        seen.sort_unstable();
        in_hand.sort_unstable();
        Ok(Self { seen, in_hand })
    }
}
