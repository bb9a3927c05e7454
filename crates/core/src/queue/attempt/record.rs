//! Record: what fal answered to submissions, many in one statement.

use std::collections::HashSet;

use sqlx::PgExecutor;
use uuid::Uuid;

use super::Submission;
use crate::{
    db::{self, Pool},
    queue::{Error, Lease, fenced},
};

/// An answer to a job's submission.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The right to record it.
    pub lease: Lease,
    /// The attempt's number.
    pub number: i16,
    /// What fal answered.
    pub submission: Submission,
}

/// Records fal's answers: from here on, a restart resumes these requests. The jobs are `processing`.
///
/// Answers under which leases they were recorded; the others are lost. As with completions, the planner is
/// not told how many there are.
pub async fn record_submissions(
    executor: impl PgExecutor<'_>,
    answered: &[Answered],
) -> Result<HashSet<Lease>, db::Error> {
    let leases = answered.iter().map(|answered| answered.lease);
    let jobs: Vec<Uuid> = leases.clone().map(|lease| lease.job.0).collect();
    let workers: Vec<Uuid> = leases.clone().map(|lease| lease.worker.0).collect();
    let lease_numbers: Vec<i64> = leases.map(|lease| lease.number).collect();
    let numbers: Vec<i16> = answered.iter().map(|answered| answered.number).collect();
    let column = |of: fn(&Submission) -> &str| -> Vec<String> {
        answered.iter().map(|answered| of(&answered.submission).to_owned()).collect()
    };
    let recorded = sqlx::query!(
        r#"with told as (
               select * from unnest(
                   (select $1::uuid[]), (select $2::uuid[]), (select $3::bigint[]),
                   (select $4::smallint[]), (select $5::text[]), (select $6::text[]),
                   (select $7::text[]), (select $8::text[])
               ) as told (
                   job_id, worker, lease_no, number, provider_request_id, status_url,
                   response_url, cancel_url
               )
               limit (select cardinality($1::uuid[]))
           ), lease as (
               select told.* from told join queue on queue.job_id = any(array[told.job_id])
               where leased_by is not distinct from told.worker
                   and queue.lease_no = told.lease_no
               for share of queue
           ), recorded as (
               update attempts set submitted_at = now(),
                   provider_request_id = lease.provider_request_id,
                   status_url = lease.status_url, response_url = lease.response_url,
                   cancel_url = lease.cancel_url
               from lease
               where attempts.job_id = lease.job_id and attempts.number = lease.number
               returning attempts.job_id, lease.worker, lease.lease_no
           ), shown as (
               update jobs set status = 'processing', updated_at = now(),
                   submitted_at = coalesce(submitted_at, now())
               from recorded where jobs.id = recorded.job_id
           )
           select job_id, worker as "worker!", lease_no as "lease_no!" from recorded"#,
        &jobs,
        &workers,
        &lease_numbers,
        &numbers,
        &column(|submission| &submission.provider_request_id),
        &column(|submission| submission.status_url.as_str()),
        &column(|submission| submission.response_url.as_str()),
        &column(|submission| submission.cancel_url.as_str()),
    )
    .fetch_all(executor)
    .await
    .map_err(db::Error::doing("recording submissions"))?;
    let leases =
        recorded.into_iter().map(|row| Lease::stored(row.job_id, row.worker, row.lease_no));
    Ok(leases.collect())
}

/// Records fal's answer to one submission.
pub async fn record_submission(
    pool: &Pool,
    lease: &Lease,
    number: i16,
    submission: &Submission,
) -> Result<(), Error> {
    let answered = Answered { lease: *lease, number, submission: submission.clone() };
    let recorded = record_submissions(pool, &[answered]).await?;
    fenced(recorded.contains(lease))
}
