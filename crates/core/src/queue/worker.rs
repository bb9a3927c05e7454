//! Workers: their rows, their heartbeats, and the hand-over when one is told to stop.

mod isolation;
mod rescue;

use std::time::Duration;

use uuid::Uuid;

use super::Lease;
use crate::{
    db::{Error, Pool},
    job::JobId,
};
pub use isolation::{SUSPECT, end_isolation, isolate};
pub use rescue::{Rescued, rescue};

/// Names a worker process. Random: a restarted process is another worker.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct WorkerId(pub Uuid);

/// Makes a worker known, alive as of now.
pub async fn register(pool: &Pool, name: &str) -> Result<WorkerId, Error> {
    let id = Uuid::new_v4();
    sqlx::query!("insert into workers (id, name) values ($1, $2)", id, name)
        .execute(pool)
        .await
        .map_err(Error::doing("registering a worker"))?;
    Ok(WorkerId(id))
}

/// A heartbeat's answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer to a question of its own")]
pub struct Beat {
    /// Some worker's beat is late: its jobs wait for a rescue.
    pub someone_is_late: bool,
    /// Submissions are halted, and it is time to probe the provider.
    pub probe_is_due: bool,
    /// Jobs in line are past their deadline.
    pub jobs_are_overdue: bool,
    /// Jobs wait though their callers cancelled them.
    pub cancelled_jobs_wait: bool,
    /// Deliveries are due that no worker holds.
    pub deliveries_are_due: bool,
    /// A front of the line was moved within the last minute: it may have passed jobs.
    pub line_has_moved: bool,
    /// This worker does what one does for all: its id is the lowest of the live workers'.
    pub is_leader: bool,
    /// Jobs of this worker whose callers want them to end; repeated at each beat until they have ended.
    pub cancelled: Vec<JobId>,
}

/// Says that a worker is alive, for all its leases together.
///
/// Its jobs are safe from rescue for another `lease`. Answers `None` when it was taken for dead: its leases are gone,
/// and it must register anew.
///
/// The earliest row is read in the order of its index: `exists` would scan the whole table where PostgreSQL expects
/// many due rows.
pub async fn beat(pool: &Pool, worker: WorkerId, lease: Duration) -> Result<Option<Beat>, Error> {
    let beat = sqlx::query!(
        r#"update workers set beat_at = now() where id = $1
           returning exists (
               select from workers as others
               where others.id <> $1 and others.beat_at < now() - make_interval(secs => $2)
           ) as "someone_is_late!",
           exists (
               select from provider_halt where probe_at <= now()
           ) as "probe_is_due!",
           (
               select deadline_at from queue where in_line and deadline_at <= now()
               order by deadline_at limit 1
           ) is not null as "jobs_are_overdue!",
           (
               select job_id from queue
               where leased_by is null and cancel_requested_at is not null and not has_attempt
               order by leased_by limit 1
           ) is not null as "cancelled_jobs_wait!",
           (
               select next_at from deliveries where leased_by is null and next_at <= now()
               order by next_at limit 1
           ) is not null as "deliveries_are_due!",
           exists (
               select from line_fronts where passed_at > now() - interval '1 minute'
           ) as "line_has_moved!",
           not exists (
               select from workers as others
               where others.id < $1 and others.beat_at >= now() - make_interval(secs => $2)
           ) as "is_leader!",
           array(
               select job_id from queue
               where leased_by = $1 and cancel_requested_at is not null
           ) as "cancelled!""#,
        worker.0,
        lease.as_secs_f64(),
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("beating"))?;
    Ok(beat.map(|beat| Beat {
        someone_is_late: beat.someone_is_late,
        probe_is_due: beat.probe_is_due,
        jobs_are_overdue: beat.jobs_are_overdue,
        cancelled_jobs_wait: beat.cancelled_jobs_wait,
        deliveries_are_due: beat.deliveries_are_due,
        line_has_moved: beat.line_has_moved,
        is_leader: beat.is_leader,
        cancelled: beat.cancelled.into_iter().map(JobId).collect(),
    }))
}

/// The claims of a worker since the last one whose answer was lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Round {
    /// Whose claims they are.
    pub worker: WorkerId,
    /// Counts the lost answers.
    pub number: i32,
}

/// A worker's first round.
impl From<WorkerId> for Round {
    fn from(worker: WorkerId) -> Self {
        Self { worker, number: 0 }
    }
}

/// Frees jobs that a worker holds without knowing it, after a claim whose answer was lost. The claim may have
/// committed, and nobody else would free its jobs, because the worker lives.
///
/// `known` are the leases that it keeps: all that it knows of or, where it leaves, those that it needs for a little
/// longer. Answers its next round and how many jobs were freed. A claim of the old round that reaches the database
/// later takes nothing.
pub async fn release_unknown(
    pool: &Pool,
    round: Round,
    known: &[Lease],
) -> Result<(Round, u64), Error> {
    let known: Vec<i64> = known.iter().map(|lease| lease.number).collect();
    let freeing = async {
        let mut transaction = pool.begin().await?;
        // Waits for a claim that is under way, which locks this row; the next statement sees what it took. A later
        // claim finds another round.
        sqlx::query!("select id from workers where id = $1 for update", round.worker.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let number = sqlx::query_scalar!(
            "update workers set round = round + 1 where id = $1 returning round",
            round.worker.0,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let freed = sqlx::query!(
            "update queue set leased_by = null where leased_by = $1 and lease_no <> all($2)",
            round.worker.0,
            &known,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok((number.unwrap_or(round.number), freed.rows_affected()))
    };
    let freed = freeing.await.map_err(Error::doing("freeing jobs that a lost answer hid"));
    let (number, jobs) = freed?;
    if jobs > 0 {
        super::wake::hint(pool).await;
    }
    Ok((Round { number, ..round }, jobs))
}

/// Hands over: the worker leaves, and its jobs and deliveries are free at once for others.
///
/// Answers how many jobs were freed. Nothing about them is lost: the next worker resumes a request that runs at fal.
pub async fn release(pool: &Pool, worker: WorkerId) -> Result<u64, Error> {
    let releasing = async {
        let mut transaction = pool.begin().await?;
        // The worker's row first: after that, none of its claims takes anything.
        sqlx::query!("delete from workers where id = $1", worker.0)
            .execute(&mut *transaction)
            .await?;
        let jobs = sqlx::query!("update queue set leased_by = null where leased_by = $1", worker.0)
            .execute(&mut *transaction)
            .await?;
        let deliveries =
            sqlx::query!("update deliveries set leased_by = null where leased_by = $1", worker.0)
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok((jobs.rows_affected(), deliveries.rows_affected()))
    };
    let released = releasing.await.map_err(Error::doing("handing over a worker's jobs"));
    let (jobs, deliveries) = released?;
    if jobs > 0 {
        super::wake::hint(pool).await;
    }
    if deliveries > 0 {
        super::wake::hint_deliveries(pool).await;
    }
    Ok(jobs)
}
