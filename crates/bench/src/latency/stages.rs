//! Where the time of a job goes, stretch by stretch.

use std::collections::HashMap;

use anyhow::Context;
use sqlx::AssertSqlSafe;
use tokio::time::Duration;

use crate::{
    load::{milliseconds, percentile},
    stand::Stand,
    table,
    watching::Watched,
};

/// The stretches of a job's life, in seconds, as the database's clock saw them.
const STRETCHES: [(&str, &str); 6] = [
    ("accepted → claimed", "attempts.claimed_at - jobs.created_at"),
    ("claimed → attempt begins: prepare, upload", "attempts.began_at - attempts.claimed_at"),
    ("attempt begins → submitted", "attempts.submitted_at - attempts.began_at"),
    ("the stand-in's own time", "make_interval(secs => attempts.inference_seconds)"),
    (
        "edit ended → archived: noticed, fetched, kept",
        "attempts.archived_at - attempts.submitted_at
             - make_interval(secs => attempts.inference_seconds)",
    ),
    ("archived → completed", "jobs.finished_at - attempts.archived_at"),
];

/// Prints them, for jobs that were watched one at a time.
pub(super) async fn print(stand: &Stand<'_>, jobs: &[&Watched]) -> anyhow::Result<()> {
    let mut rows = vec![row("POST → its answer", jobs.iter().map(|job| job.posted).collect())?];
    for (name, stretch) in STRETCHES {
        let times = stretch_of(stand, stretch, jobs).await?;
        rows.push(row(name, times.into_values().collect())?);
    }
    // The part of a job's time that the database did not see: from POST to row, and from the end to the watcher.
    let inside = stretch_of(stand, "jobs.finished_at - jobs.created_at", jobs).await?;
    let outside =
        jobs.iter().filter_map(|job| Some(job.total.saturating_sub(*inside.get(&job.id)?)));
    rows.push(row("POST → accepted, and completed → seen", outside.collect())?);
    table::print(["where the time goes, one at a time", "p50 ms", "p99 ms"], &rows);
    Ok(())
}

async fn stretch_of(
    stand: &Stand<'_>,
    stretch: &'static str,
    jobs: &[&Watched],
) -> anyhow::Result<HashMap<String, Duration>> {
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    // `stretch` is a constant of this file.
    let statement = AssertSqlSafe(format!(
        "select jobs.id::text, greatest(extract(epoch from {stretch}), 0)::float8
         from jobs join attempts on attempts.job_id = jobs.id where jobs.id = any($1::uuid[])"
    ));
    let seconds: Vec<(String, f64)> = sqlx::query_as(statement)
        .bind(&ids)
        .fetch_all(stand.pool)
        .await
        .context("the stretches of the jobs cannot be read")?;
    Ok(seconds.into_iter().map(|(id, time)| (id, Duration::from_secs_f64(time))).collect())
}

fn row(name: &str, mut times: Vec<Duration>) -> anyhow::Result<[String; 3]> {
    times.sort_unstable();
    Ok([
        name.to_owned(),
        milliseconds(percentile(&times, 50)?),
        milliseconds(percentile(&times, 99)?),
    ])
}
