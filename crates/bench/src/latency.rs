//! `latency`: from POST to completed, over the time that the edit itself takes.

use anyhow::Context;
use sqlx::AssertSqlSafe;
use tokio::time::Duration;

use crate::{
    cli::Scale,
    follow::{Followed, follow},
    load::{Connection, milliseconds, percentile},
    picture, request,
    stand::{self, LATENCY, Stand},
    table,
};

/// Jobs before the first one that counts: connections are made and statements prepared.
const WARM_UP: u16 = 3;

/// The stretches of a job's life, in seconds, as the database's clock saw them.
const STRETCHES: [(&str, &str); 4] = [
    ("accepted → attempt begins: claim, prepare, upload", "attempts.began_at - jobs.created_at"),
    ("attempt begins → submitted", "attempts.submitted_at - attempts.began_at"),
    ("the stand-in's own time", "make_interval(secs => attempts.inference_seconds)"),
    (
        "edit ended → completed: noticed, fetched, archived",
        "jobs.finished_at - attempts.submitted_at - make_interval(secs => attempts.inference_seconds)",
    ),
];

/// Follows jobs, one after the other.
pub(crate) async fn run(scale: &Scale) -> anyhow::Result<()> {
    stand::measure("Latency", async |stand| {
        let post = request::post("/api/jobs", &picture::jpeg()?);
        let mut connection = Connection::open(stand.api.plan.port).await?;
        for _ in 0..WARM_UP {
            follow(&mut connection, &post).await?;
        }
        let mut jobs = Vec::new();
        for _ in 0..scale.jobs {
            jobs.push(follow(&mut connection, &post).await?);
        }
        report(stand, &jobs).await
    })
    .await
}

async fn report(stand: &Stand, jobs: &[Followed]) -> anyhow::Result<()> {
    let seen = |what: fn(&Followed) -> Duration| jobs.iter().map(what).collect();
    let mut rows = vec![
        row(
            "**POST → completed, less the latency**",
            seen(|job| job.total.saturating_sub(LATENCY)),
        )?,
        row("POST → its answer", seen(|job| job.posted))?,
    ];
    for (name, stretch) in STRETCHES {
        let times = stretch_of(stand, stretch, jobs).await?;
        rows.push(row(name, times)?);
    }
    let what = format!("{} jobs, one at a time, latency {} ms", jobs.len(), LATENCY.as_millis());
    table::print([&what, "p50 ms", "p99 ms"], &rows);
    Ok(())
}

async fn stretch_of(
    stand: &Stand,
    stretch: &'static str,
    jobs: &[Followed],
) -> anyhow::Result<Vec<Duration>> {
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    // One of the constants above.
    let statement = AssertSqlSafe(format!(
        "select greatest(extract(epoch from {stretch}), 0)::float8
         from jobs join attempts on attempts.job_id = jobs.id where jobs.id = any($1::uuid[])"
    ));
    let seconds: Vec<f64> = sqlx::query_scalar(statement)
        .bind(&ids)
        .fetch_all(&stand.pool)
        .await
        .context("the stretches of the jobs cannot be read")?;
    Ok(seconds.into_iter().map(Duration::from_secs_f64).collect())
}

fn row(name: &str, mut times: Vec<Duration>) -> anyhow::Result<[String; 3]> {
    times.sort_unstable();
    Ok([
        name.to_owned(),
        milliseconds(percentile(&times, 50)?),
        milliseconds(percentile(&times, 99)?),
    ])
}
