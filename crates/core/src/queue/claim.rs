//! Claim: take due jobs and mint their leases, in one short statement.

mod row;
mod under_rules;

use std::time::Duration;

use time::OffsetDateTime;

use super::{Lease, Round, Submission, Timeline, WorkerId, unanswered};
use crate::{
    db::{self, Pool},
    models::Options,
};
use row::Row;
pub use under_rules::claim_under_rules;

/// What a claim found.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// What it took.
    pub jobs: Vec<Claimed>,
    /// Limits or pauses are set. Without regard to them, nothing new was claimed.
    pub has_rules: bool,
    /// How long until the next of those that rest is due; nothing where none rests.
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
    /// What its worker sees of it.
    pub timeline: Timeline,
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

/// The statement of a claim: `$chosen` says which rows to take, as CTEs that end with `due`, and `$passed` what
/// to do when it is known which they are.
///
/// The worker's own row is locked against deletion: a worker that is being rescued claims nothing,
/// and a claim that came first is seen by the rescue. The CTEs are needed: as a subquery with a
/// LIMIT the planner may run it once for each row, and claim more than asked for. How many rows that is, the planner
/// does not know where it keeps a plan for any limit, and takes a tenth of the line for it: told nothing else, it
/// reads the whole of `queue` and `jobs` for each claim. So rows are named by an array, and jobs looked up one by one;
/// and what is left is put in the order of `queue_left`, or it would be looked for among all that there is. And limits of what is
/// in order are hidden: where it knows one that is higher than the number of rows that it guesses, it sorts all that wait.
/// [`MOST_CLAIMED`] is what it may know: for a tenth of a line of millions it would compile the statement first, each time, where it may.
macro_rules! claim_query {
    ($chosen:literal, $passed:literal, $round:expr, $limit:expr $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "with recursive alive as (
                 select id from workers where id = $1 and round = $3 for key share
             ), resumed as (
                 select job_id from queue
                 where is_left and run_at is null and exists (select from alive)
                 order by run_at, job_id
                 limit (select $2::bigint)
                 for update skip locked
             ), " + $chosen + r#"
             , claimed as (
                 update queue set leased_by = $1, lease_no = nextval('queue_lease_no'),
                     is_isolated = false
                 where job_id = any(array(select job_id from due))
                 returning queue.job_id, queue.lease_no, queue.rescues, queue.deadline_at,
                     queue.cancel_requested_at, queue.has_attempt, queue.priority, queue.turn
             ), passed as ("# + $passed + r#"), taken as (
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
             from (select) as always left join taken on true"#,
            $round.worker.0,
            $limit,
            $round.number
            $(, $argument)*
        )
    };
}
use claim_query;

/// Jobs that one claim takes from the line, at most.
pub const MOST_CLAIMED: usize = 10_000;

/// Claims up to `limit` due jobs for a worker that is alive, in one statement; of those in line, no more than [`MOST_CLAIMED`].
///
/// First those that have a request to go on with; then, unless the provider does not accept the account,
/// those in line, in their order. Jobs that another claim is taking at the same moment are skipped, not
/// waited for.
///
/// Where there are limits or pauses it takes nothing new, and says so: [`claim_under_rules`] does.
///
/// The line is read in parts: of a priority that has a [front](super::gather_stragglers), what is not before that;
/// and what is between two such priorities; 101 and -101 are outside of all of them. One claim in a thousand moves the fronts up to what it took first.
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
                     where in_line and queue.priority < below and queue.priority > parts.priority
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
         where not has_attempt and exists (select from claimed where lease_no % 1000 = 0)
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

/// What the rows tell, and of those with an open attempt what is known of it. That is a statement of its own: the
/// claim's may be older than the rows that it waited for, and what is read under the lease is nobody else's.
async fn taken(pool: &Pool, rows: Vec<Row>, worker: WorkerId) -> Result<Claims, db::Error> {
    let (mut claims, resumed) = Row::gather(rows, worker);
    if !resumed.is_empty() {
        let mut attempts = unanswered::open_attempts(pool, &resumed).await?;
        for job in &mut claims.jobs {
            job.attempt = attempts.remove(&job.lease.job);
        }
    }
    Ok(claims)
}
