//! Claim: take due jobs and mint their leases, in one short statement.

use url::Url;

use super::{Lease, Submission, WorkerId};
use crate::{
    db::{self, Pool},
    job::JobId,
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
    /// What fal answered. Nothing, where the answer was never recorded: fal may have the request
    /// or not.
    pub submission: Option<Submission>,
}

/// Claims up to `limit` due jobs for a worker that is alive, longest due first. Jobs that another
/// claim is taking at the same moment are skipped, not waited for.
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
               order by run_at, job_id
               limit $2
               for update skip locked
           ), claimed as (
               update queue set leased_by = $1, lease_no = queue.lease_no + 1
               from due where queue.job_id = due.job_id
               returning queue.job_id, queue.lease_no, queue.rescues
           )
           select claimed.job_id as "job_id!", claimed.lease_no as "lease_no!",
               claimed.rescues as "rescues!", jobs.prompt, jobs.model,
               attempts.number as "attempt?", attempts.provider_request_id, attempts.status_url,
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
        rescues: row.rescues,
        attempt: row.attempt.map(|number| OpenAttempt {
            number,
            submission: stored_submission(
                row.provider_request_id,
                [row.status_url, row.response_url, row.cancel_url],
            ),
        }),
    });
    Ok(claimed.collect())
}

fn stored_submission(
    provider_request_id: Option<String>,
    [status, response, cancel]: [Option<String>; 3],
) -> Option<Submission> {
    let url = |text: Option<String>| Url::parse(&text?).ok();
    Some(Submission {
        provider_request_id: provider_request_id?,
        status_url: url(status)?,
        response_url: url(response)?,
        cancel_url: url(cancel)?,
    })
}
