//! Enqueue: a new job waits for its first claim.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{api_key::ApiKeyId, db::Connection, job::JobId};

/// A job's place in the queue.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Endpoint at fal.
    pub model: &'a str,
    /// Whose it is.
    pub api_key: Option<ApiKeyId>,
    /// Higher goes first.
    pub priority: i16,
    /// Not before then; nothing is at once.
    pub run_at: Option<OffsetDateTime>,
    /// From its start, until it fails; nothing is never.
    pub deadline: Option<Duration>,
    /// Attempts of it that count no more.
    pub attempts_before: i16,
}

/// A statement that puts a job into the queue, with more around it. `$1` to `$7` are the job and its place.
///
/// Its turn makes the order fair: inside a priority, each API key's jobs for a model take one turn
/// after the other, and a key that has none waiting starts with whoever is first. So a key with ten
/// thousand jobs delays another key's job by one of its own. Where nobody waits, the turn is the clock in
/// microseconds, which is later than any turn given before. Two that are enqueued at the same moment may
/// get the same turn: they go by age. Behind the front of the line nothing waits, so nothing is read there.
///
/// A key's last job is asked for in the words and the order that only `queue_lanes` has, with the model as one of a list:
/// where PostgreSQL knows of one model only, it would look for it from the end of the whole line.
macro_rules! enqueue_query {
    ($before:literal, $after:literal, $job:expr, $place:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $before + "insert into queue
                 (job_id, model, api_key_id, priority, run_at, deadline_at, attempts_before, turn)
             select
                 $1::uuid, $2::text, $3::uuid, $4::smallint, $5::timestamptz,
                 coalesce($5::timestamptz, now()) + make_interval(secs => $6),
                 $7::smallint,
                 coalesce(
                     (
                         select turn + 1 from queue
                         where leased_by is null and run_at is null and not has_attempt
                             and model = any(array[$2::text]) and api_key_id = $3::uuid
                             and priority = $4::smallint and turn >= line.front
                         order by model desc, turn desc limit 1
                     ),
                     (
                         select turn from queue
                         where in_line and priority = $4::smallint and turn >= line.front
                         order by turn limit 1
                     ),
                     (extract(epoch from clock_timestamp()) * 1e6)::bigint
                 )
             from (
                 select coalesce(
                     (
                         select turn from line_fronts where priority = $4::smallint
                         order by turn desc limit 1
                     ),
                     0
                 ) as front
             ) as line" + $after,
            $job.0,
            $place.model,
            $place.api_key.map_or($crate::api_key::ApiKeyId::NOBODY, |key| key.0),
            $place.priority,
            $place.run_at,
            $place.deadline.map(|deadline| deadline.as_secs_f64()) as _,
            $place.attempts_before
            $(, $argument)*
        )
    };
}
pub(crate) use enqueue_query;

/// Puts a job into the queue, in the transaction that opens it again.
pub async fn enqueue(
    connection: &mut Connection,
    job: JobId,
    place: Place<'_>,
) -> Result<(), sqlx::Error> {
    enqueue_query!("", "", job, place).execute(connection).await?;
    Ok(())
}
