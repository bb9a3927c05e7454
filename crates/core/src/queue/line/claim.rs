//! Claim: take due jobs and mint their leases, in one short statement.

mod row;
mod under_rules;

use std::time::Duration;

use time::OffsetDateTime;

use crate::{
    db::{self, Pool},
    models::Options,
    queue::{Lease, Round, Submission, Timeline, WorkerId, open_attempts},
};
use row::Row;
pub use under_rules::claim_under_rules;

/// What a claim found.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The jobs that it took.
    pub jobs: Vec<Claimed>,
    /// Limits or pauses are set. [`claim()`] then takes nothing new: [`claim_under_rules`] is needed.
    pub has_rules: bool,
    /// How long until the next resting job is due; `None` where none rests.
    pub next_ripe: Option<Duration>,
}

/// A job that was claimed, with what its worker needs to go on.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The right to settle it.
    pub lease: Lease,
    /// What the caller asked for.
    pub prompt: String,
    /// Endpoint at fal.
    pub model: String,
    /// The caller's options; `None` where this version does not understand them.
    pub options: Option<Options>,
    /// Time until the job's deadline; zero when that has passed, `None` when there is none.
    pub time_left: Option<Duration>,
    /// Time since the job's deadline; zero while it has not passed.
    pub overdue: Duration,
    /// Its caller wants it to end.
    pub is_cancelled: bool,
    /// How often it was rescued or broken off since its last retry, as far as that counts against it
    /// ([`rescue`](crate::queue::rescue())).
    pub rescues: i16,
    /// When things happened to it, as its worker sees them.
    pub timeline: Timeline,
    /// The open attempt that an earlier claim left.
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
    /// fal's webhook has said that the request has ended.
    pub has_notice: bool,
    /// fal's answer. `None` where it was never recorded: then nobody knows whether fal has the request.
    pub submission: Option<Submission>,
}

/// The statement of a claim: `$chosen` are CTEs of which the last, `due`, has the rows to take, and `$afterwards` is
/// one more statement, about the rows in `claimed`.
///
/// The worker's own row is locked against deletion: a worker that is being rescued claims nothing,
/// and a claim that came first is seen by the rescue.
///
/// The rest is shaped by the planner:
/// - It may run a subquery with a LIMIT once for each row, and claim more than asked for: hence the CTEs.
/// - Where it keeps one plan for any limit, it expects a tenth of the line, and would read the whole of `queue` and
///   `jobs` for each claim: so rows are named by an array, and jobs looked up one by one.
/// - It would look for `resumed` among all rows, if that were not in the order of `queue_left`.
/// - Where it knows a limit that is higher than the number of rows that it expects, it sorts all that wait: so the
///   limits of what is read in order are hidden.
/// - [`MOST_CLAIMED`] is a limit that it knows: expecting a tenth of a line of millions, it would compile the statement
///   first, each time, where JIT is on.
///
/// After a worker's first second, the commit does not wait for the disk. A lease's number is drawn at random, so that no
/// later lease equals one that a crash of the database has undone (`docs/decisions/claims-do-not-wait-for-the-disk.md`).
macro_rules! claim_query {
    ($chosen:literal, $afterwards:literal, $round:expr, $limit:expr $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "with recursive alive as (
                 select started_at from workers where id = $1 and round = $3 for key share
             ), resumed as (
                 select job_id from queue
                 where is_left and run_at is null and exists (select from alive)
                 order by run_at, job_id
                 limit (select $2::bigint)
                 for update skip locked
             ), " + $chosen + r#"
             , claimed as (
                 update queue set leased_by = $1, is_isolated = false,
                     lease_no = (1 + random() * 9e15)::bigint
                 where job_id = any(array(select job_id from due))
                 returning queue.job_id, queue.lease_no, queue.rescues, queue.deadline_at,
                     queue.cancel_requested_at, queue.has_attempt, queue.priority, queue.turn
             ), afterwards as ("# + $afterwards + r#"), taken as (
                 select claimed.job_id, lease_no, rescues,
                     cancel_requested_at is not null as is_cancelled,
                     extract(epoch from deadline_at - now())::float8 as time_left,
                     prompt, model, options, has_attempt
                 from claimed cross join lateral (
                     select prompt, model, options from jobs where id = claimed.job_id offset 0
                 ) as job
             )
             select exists (select from queue_rules) as "has_rules!", (
                     select extract(epoch from run_at - now())::float8 from queue
                     where leased_by is null and run_at is not null
                     order by run_at limit 1
                 ) as rests,
                 job_id as "job_id?", lease_no as "lease_no?", rescues as "rescues?", is_cancelled,
                 time_left, prompt as "prompt?", model as "model?", options as "options?",
                 has_attempt as "has_attempt?"
             from (select (
                 select set_config('synchronous_commit', 'off', true) from alive
                 where started_at < now() - interval '1 second'
             )) as always
             left join taken on true"#,
            $round.worker.0,
            $limit,
            $round.number
            $(, $argument)*
        )
    };
}
use claim_query;

/// The most jobs that one claim takes from the line.
pub const MOST_CLAIMED: usize = 10_000;

/// Claims up to `limit` due jobs for a worker that is alive, in one statement; from the line, at most [`MOST_CLAIMED`].
///
/// First come the jobs with an open attempt, whose request is resumed; then, unless submissions are halted,
/// those in line, in their order. Jobs that another claim is taking at the same moment are skipped, not
/// waited for.
///
/// Where limits or pauses are set it takes nothing from the line, and says so: use [`claim_under_rules`] then.
///
/// The line is read in parts: each priority that has a [front](super::gather_stragglers), from that front on, and all
/// priorities between two such ones (101 and -101 are the bounds: no job has them). About once in 1,000 jobs, and always
/// when it takes that many, a claim moves the fronts up to the first jobs that it took from the line.
pub async fn claim(
    pool: &Pool,
    round: impl Into<Round>,
    limit: usize,
) -> Result<Claims, db::Error> {
    let round = round.into();
    let rows = claim_query!(
        "fronts as (
             (
                 select priority, turn from line_fronts
                 order by priority desc, turn desc limit 1
             )
             union all
             select next.priority, next.turn from fronts cross join lateral (
                 select priority, turn from line_fronts
                 where line_fronts.priority < fronts.priority
                 order by priority desc, turn desc limit 1
             ) as next
         ), parts as (
             select coalesce(lag(priority) over (order by priority desc), 101) as below,
                 priority, turn
             from (
                 select priority, turn from fronts
                 union all
                 select -101, 0
             ) as fronts
             order by priority desc
         ), fresh as (
             select first.job_id
             from parts cross join lateral (
                 select job_id from (
                     select job_id from queue
                     where in_line and queue.priority < parts.below
                         and queue.priority > parts.priority
                     order by queue.priority desc, turn, job_id
                     limit (select $2::bigint)
                     for update skip locked
                 ) as between_fronts
                 union all
                 select job_id from (
                     select job_id from queue
                     where in_line and queue.priority = parts.priority
                         and queue.turn >= parts.turn
                     order by turn, job_id
                     limit (select $2::bigint)
                     for update skip locked
                 ) as from_front_on
             ) as first
             where exists (select from alive)
                 and not exists (select from provider_halt) and not exists (select from queue_rules)
             limit 10000
         ), due as (
             select job_id from resumed
             union all
             (select job_id from fresh limit $2 - (select count(*) from resumed))
         )",
        "insert into line_fronts (priority, turn)
         select priority, min(turn) from claimed
         where not has_attempt and (select random() * 1000 < count(*) from claimed)
         group by priority
         on conflict do nothing",
        round,
        i64::try_from(limit).unwrap_or(i64::MAX)
    )
    .fetch_all(pool)
    .await
    .map_err(db::Error::doing("claiming jobs"))?;
    taken(pool, rows, round.worker).await
}

/// Turns the rows into claims, with their open attempts.
///
/// Those are read in a second statement: the claim's snapshot may be older than the rows that it locked, and under the
/// lease no other worker changes them.
async fn taken(pool: &Pool, rows: Vec<Row>, worker: WorkerId) -> Result<Claims, db::Error> {
    let (mut claims, resumed) = Row::gather(rows, worker);
    if !resumed.is_empty() {
        let mut attempts = open_attempts(pool, &resumed).await?;
        for job in &mut claims.jobs {
            job.attempt = attempts.remove(&job.lease.job);
        }
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::MOST_CLAIMED;

    #[test]
    fn the_statement_takes_from_the_line_what_callers_are_told_that_it_takes() {
        let limit = format!("             limit {MOST_CLAIMED}\n");
        assert_eq!(include_str!("claim.rs").matches(&limit).count(), 1);
    }
}
