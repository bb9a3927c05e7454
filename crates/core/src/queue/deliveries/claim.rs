//! Claim: take due deliveries, with all that a receiver is to be told.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{DeliveryId, Lease};
use crate::{
    db::{Error, Pool},
    job::{Failure, JobId},
    queue::{Round, WorkerId},
    store::ImageId,
    webhook::Event,
};

/// A delivery that was claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The right to settle it.
    pub lease: Lease,
    /// The job that it tells of.
    pub job: JobId,
    /// What it tells.
    pub event: Event,
    /// When that was.
    pub created_at: OffsetDateTime,
    /// Now, by the database's clock.
    pub claimed_at: OffsetDateTime,
    /// The receiver's address: checked when the job was made, and not since.
    pub url: String,
    /// Attempts that failed so far.
    pub failures: u32,
    /// Endpoint at fal.
    pub model: String,
    /// Why the job failed, where it tells of that.
    pub failure: Option<Failure>,
    /// The job's results, in order, where it tells that the job completed.
    pub results: Vec<ImageId>,
}

struct Row {
    id: Uuid,
    lease_no: i64,
    job_id: Uuid,
    event: String,
    created_at: OffsetDateTime,
    claimed_at: OffsetDateTime,
    url: String,
    failures: i16,
    model: String,
    failure_code: Option<String>,
    failure_message: Option<String>,
    results: Vec<Uuid>,
}

/// Claims up to `limit` due deliveries for a worker that is alive, the longest due first, and what comes with them. They
/// come in the order of their events.
///
/// If an earlier event of the same job was snoozed, it is claimed as well, and before: otherwise the later one would
/// overtake it.
///
/// As at a claim of jobs, the worker's own row is locked against deletion, and what is taken is looked up row by
/// row. Events that only a later version knows are left to it. That condition is hidden in a `case`: else PostgreSQL
/// expects that it matches hardly any, and sorts all that are due.
pub async fn claim(
    pool: &Pool,
    round: impl Into<Round>,
    limit: usize,
) -> Result<Vec<Claimed>, Error> {
    let round = round.into();
    let known = Event::ALL.map(|event| event.to_string());
    let rows = sqlx::query_as!(
        Row,
        r#"with alive as (
               select id from workers where id = $1 and delivery_round = $2 for key share
           ), due as (
               select id, job_id, created_at from deliveries
               where leased_by is null and next_at <= now()
                   and case when event = any($4) then true end
                   and exists (select from alive)
               order by next_at
               limit (select $3::bigint)
               for update skip locked
           ), snoozed as (
               select earlier.id from due cross join lateral (
                   select id from deliveries
                   where job_id = any(array[due.job_id]) and created_at < due.created_at
                       and case when leased_by is null and failures = 0 and event = any($4)
                           then next_at > now() end
                   for update skip locked
               ) as earlier
           ), claimed as (
               update deliveries set leased_by = $1, lease_no = nextval('queue_lease_no')
               where id = any(array(select id from snoozed union all select id from due))
               returning deliveries.*
           )
           select claimed.id, claimed.lease_no, claimed.job_id, claimed.event, claimed.created_at,
               now() as "claimed_at!", job.webhook_url as "url!", claimed.failures, job.model,
               claimed.failure_code, claimed.failure_message, array(
                   select images.id from images
                   where images.job_id = claimed.job_id and images.role = 'result'
                       and claimed.event = 'job.completed'
                   order by images.position
               ) as "results!"
           from claimed cross join lateral (
               select model, webhook_url from jobs where id = claimed.job_id offset 0
           ) as job
           order by claimed.created_at, claimed.id"#,
        round.worker.0,
        round.number,
        i64::try_from(limit).unwrap_or(i64::MAX),
        &known,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("claiming deliveries"))?;
    Ok(rows.into_iter().filter_map(|row| row.into_claimed(round.worker)).collect())
}

impl Row {
    fn into_claimed(self, worker: WorkerId) -> Option<Claimed> {
        let failure = self.failure_code.zip(self.failure_message);
        Some(Claimed {
            lease: Lease { delivery: DeliveryId(self.id), worker, number: self.lease_no },
            job: JobId(self.job_id),
            event: self.event.parse().ok()?,
            created_at: self.created_at,
            claimed_at: self.claimed_at,
            url: self.url,
            failures: self.failures.unsigned_abs().into(),
            model: self.model,
            failure: failure.map(|(code, message)| Failure { code, message }),
            results: self.results.into_iter().map(ImageId).collect(),
        })
    }
}
