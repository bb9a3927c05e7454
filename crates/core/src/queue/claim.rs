//! Claim: take due jobs and mint their leases, in one short statement.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Lease, Submission, WorkerId};
use crate::{
    db::{self, Pool},
    job::JobId,
    models::Options,
};

/// A job that was claimed, with what its worker needs to go on.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The right to settle it.
    pub lease: Lease,
    /// What the caller asked for.
    pub prompt: String,
    /// Endpoint at fal.
    pub model: String,
    /// What the caller wished beside the prompt; nothing where this version does not understand it.
    pub options: Option<Options>,
    /// Until the job's deadline; zero when that has passed, nothing when there is none.
    pub time_left: Option<Duration>,
    /// Since the job's deadline; zero while it has not passed.
    pub overdue: Duration,
    /// Its caller wants it to end.
    pub is_cancelled: bool,
    /// How often it was taken from a worker that died.
    pub rescues: i16,
    /// What a former worker began and did not end.
    pub attempt: Option<OpenAttempt>,
}

/// An attempt that has not ended.
#[derive(Clone, Debug)]
pub struct OpenAttempt {
    /// 1 for a job's first.
    pub number: i16,
    /// Where its first picture was uploaded. No other attempt has this address.
    pub input_url: String,
    /// When it was written down.
    pub began_at: OffsetDateTime,
    /// fal has said by itself that the request has ended.
    pub has_notice: bool,
    /// What fal answered. Nothing, where the answer was never recorded: fal may have the request
    /// or not.
    pub submission: Option<Submission>,
}

/// Claims up to `limit` due jobs for a worker that is alive, longest due first. Jobs that another
/// claim is taking at the same moment are skipped, not waited for.
///
/// While the provider does not accept the account, only jobs are claimed that need no submission: those
/// that may have a request there, and those that are to end because their time is up or their caller
/// wants it.
///
/// The worker's own row is locked against deletion: a worker that is being rescued claims nothing,
/// and a claim that came first is seen by the rescue. The CTE is needed: as a subquery with a
/// LIMIT the planner may run it once for each row, and claim more than asked for.
pub async fn claim(pool: &Pool, worker: WorkerId, limit: usize) -> Result<Vec<Claimed>, db::Error> {
    let rows = sqlx::query!(
        r#"with alive as (
               select id from workers where id = $1 for key share
           ), due as (
               select job_id from queue
               where leased_by is null and run_at <= now() and exists (select from alive)
                   and (
                       not exists (select from provider_halt)
                       or deadline_at <= now()
                       or cancel_requested_at is not null
                       or exists (
                           select from attempts
                           where attempts.job_id = queue.job_id and ended_at is null
                       )
                   )
               order by run_at, job_id
               limit $2
               for update skip locked
           ), claimed as (
               update queue set leased_by = $1, lease_no = queue.lease_no + 1
               from due where queue.job_id = due.job_id
               returning queue.job_id, queue.lease_no, queue.rescues, queue.deadline_at,
                   queue.cancel_requested_at
           )
           select claimed.job_id as "job_id!", claimed.lease_no as "lease_no!",
               claimed.rescues as "rescues!",
               claimed.cancel_requested_at is not null as "is_cancelled!", jobs.prompt, jobs.model,
               jobs.options,
               extract(epoch from claimed.deadline_at - now())::float8 as time_left,
               attempts.number as "attempt?", attempts.input_url as "input_url?",
               attempts.began_at as "began_at?",
               attempts.notice_at is not null as "has_notice!",
               attempts.provider_request_id, attempts.status_url,
               attempts.response_url, attempts.cancel_url
           from claimed
           join jobs on jobs.id = claimed.job_id
           left join attempts on attempts.job_id = claimed.job_id and attempts.ended_at is null"#,
        worker.0,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(pool)
    .await
    .map_err(db::Error::doing("claiming jobs"))?;
    let claimed = rows.into_iter().map(|row| Claimed {
        lease: Lease { job: JobId(row.job_id), worker, number: row.lease_no },
        prompt: row.prompt,
        model: row.model,
        // One row that a newer version wrote must not keep this one from claiming the others.
        options: serde_json::from_value(row.options).ok(),
        time_left: row.time_left.map(seconds),
        overdue: row.time_left.map_or(Duration::ZERO, |left| seconds(-left)),
        is_cancelled: row.is_cancelled,
        rescues: row.rescues,
        attempt: row.attempt.zip(row.input_url).zip(row.began_at).map(
            |((number, input_url), began_at)| OpenAttempt {
                number,
                input_url,
                began_at,
                has_notice: row.has_notice,
                submission: Submission::stored(
                    row.provider_request_id,
                    [row.status_url, row.response_url, row.cancel_url],
                ),
            },
        ),
    });
    Ok(claimed.collect())
}

/// What is past is zero.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
