//! Leftovers: when all jobs have ended, nothing is held any more.

use std::sync::atomic::Ordering;

use super::{
    Evidence,
    records::{Attempt, Records},
};
use crate::chaos::{house::House, report::Report};

pub(super) async fn judge(
    house: &House,
    evidence: &Evidence<'_>,
    records: &Records,
    report: &mut Report,
) -> anyhow::Result<()> {
    let queued: Vec<String> = sqlx::query_scalar("select row_to_json(queue)::text from queue")
        .fetch_all(&house.pool)
        .await?;
    report.never("places in the queue that are left", queued);
    let untold: Vec<String> = sqlx::query_scalar(
        "select row_to_json(deliveries)::text from deliveries where next_at is not null",
    )
    .fetch_all(&house.pool)
    .await?;
    report.never("deliveries that are left", untold);
    let is_open = |attempt: &&Attempt| attempt.outcome.is_none() && !attempt.is_deleted;
    let open = records.attempts.iter().filter(is_open);
    report.never(
        "attempts that are still open",
        open.map(|attempt| format!("attempt {} of job {}", attempt.number, attempt.job_id)),
    );
    let taken = records.noted("lease taken");
    report.never(
        "leases taken from a holder that was not rescued",
        taken.map(|noted| {
            format!("job {}: {}", noted.job_id, noted.said.as_deref().unwrap_or_default())
        }),
    );
    let (registered, living) = (house.workers_registered().await?, house.workers.len());
    let differs = usize::try_from(registered) != Ok(living);
    report.never(
        "workers on record that do not live",
        differs.then(|| format!("{registered} on record, {living} live")),
    );

    let forged = evidence.forged;
    report.never(
        "forged webhooks that were believed",
        (0..forged.believed.load(Ordering::Relaxed)).map(|_| "a forged webhook".to_owned()),
    );
    report.fact("forged webhooks sent", forged.sent.load(Ordering::Relaxed));
    report.fact("old webhooks sent again", forged.replayed.load(Ordering::Relaxed));
    report.fact("webhooks taken", house.porch.taken());
    report.fact("jobs taken from dead workers", records.noted("rescued").count());
    Ok(())
}
