//! Enqueue: new and reopened jobs get a place in the queue, and wait for their first claim.

use std::{collections::HashMap, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{api_key::ApiKeyId, db::Connection, job::JobId};

/// A job's place in the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Whose place it is.
    pub(crate) job: JobId,
    /// Endpoint at fal.
    pub(crate) model: &'a str,
    /// Whose job it is.
    pub(crate) api_key: Option<ApiKeyId>,
    /// Higher goes first.
    pub(crate) priority: i16,
    /// It is not claimed before then; `None` is at once.
    pub(crate) run_at: Option<OffsetDateTime>,
    /// How long after `run_at` or, without it, after now the job fails; `None` is never.
    pub(crate) deadline: Option<Duration>,
    /// Earlier attempts, which no longer count.
    pub(crate) attempts_before: i16,
}

/// Places as a statement takes them: a list for each column.
#[derive(Debug, Default)]
pub(crate) struct Places<'a> {
    pub(crate) jobs: Vec<Uuid>,
    pub(crate) models: Vec<&'a str>,
    pub(crate) api_keys: Vec<Uuid>,
    pub(crate) priorities: Vec<i16>,
    pub(crate) run_ats: Vec<Option<OffsetDateTime>>,
    pub(crate) deadlines: Vec<Option<f64>>,
    pub(crate) attempts_before: Vec<i16>,
    /// How many jobs of this list with the same key, model and priority come into line before it.
    pub(crate) ahead: Vec<i64>,
}

impl<'a> FromIterator<Place<'a>> for Places<'a> {
    fn from_iter<Iter: IntoIterator<Item = Place<'a>>>(places: Iter) -> Self {
        let mut columns = Self::default();
        let mut lanes: HashMap<_, i64> = HashMap::new();
        for place in places {
            let api_key = place.api_key.map_or(ApiKeyId::NOBODY, |key| key.0);
            let lane = lanes.entry((place.model, api_key, place.priority)).or_default();
            columns.jobs.push(place.job.0);
            columns.models.push(place.model);
            columns.api_keys.push(api_key);
            columns.priorities.push(place.priority);
            columns.run_ats.push(place.run_at);
            columns.deadlines.push(place.deadline.map(|deadline| deadline.as_secs_f64()));
            columns.attempts_before.push(place.attempts_before);
            columns.ahead.push(*lane);
            // A job that is to start later takes its turn only then.
            *lane += i64::from(place.run_at.is_none());
        }
        columns
    }
}

/// A statement that puts jobs into the queue, between pieces of SQL that its users add. `$1` to `$8` are the
/// [`Places`].
///
/// Turns make the order fair. Inside a priority, each API key's jobs for a model take one turn after the other,
/// and a key that has none waiting gets the turn of the first job in line. So a key with ten thousand jobs delays
/// another key's job by only one of them. Where no job is in line, the turn is the clock in microseconds: later
/// than any turn given before, and the same for the whole statement. Two jobs that are enqueued at the same moment
/// may get the same turn: then the older goes first. No job in line has a lower turn than the line's front, so no
/// lower one is read.
///
/// A key's last job is looked for with the condition and in the order of `queue_lanes`, which no other index has. The
/// model is given as one of a list: where PostgreSQL knows of one model only, it would search from the end of the
/// whole line. In each `unnest`, here and around, one list is a subquery, which hides how many rows there are; else
/// each statement would be planned anew. All turns are computed before the first row is written, because `placed` is
/// counted first: else each search would step over all rows that the statement itself has written.
macro_rules! enqueue_query {
    ([$($before:literal),*], [$($after:literal),*], $places:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $($before +)* r#"with placed as materialized (
                 select
                     place.job_id, place.model, place.api_key_id, place.priority, place.run_at,
                     coalesce(place.run_at, now()) + make_interval(secs => deadline) as deadline_at,
                     place.attempts_before,
                     ahead + coalesce(
                         (
                             select turn + 1 from queue
                             where leased_by is null and run_at is null and not has_attempt
                                 and model = any(array[place.model])
                                 and api_key_id = place.api_key_id
                                 and priority = place.priority and turn >= line.front
                             order by model desc, turn desc limit 1
                         ),
                         (
                             select turn from queue
                             where in_line and priority = place.priority and turn >= line.front
                             order by turn limit 1
                         ),
                         (select (extract(epoch from clock_timestamp()) * 1e6)::bigint)
                     ) as turn
                 from unnest(
                     (select $1::uuid[]), $2::text[], $3::uuid[], $4::smallint[],
                     $5::timestamptz[], $6::float8[], $7::smallint[], $8::bigint[]
                 ) as place (
                     job_id, model, api_key_id, priority, run_at, deadline, attempts_before, ahead
                 )
                 cross join lateral (
                     select coalesce(
                         (
                             select turn from line_fronts where priority = place.priority
                             order by turn desc limit 1
                         ),
                         0
                     ) as front
                 ) as line
             )
             insert into queue
                 (job_id, model, api_key_id, priority, run_at, deadline_at, attempts_before, turn)
             select job_id, model, api_key_id, priority, run_at, deadline_at, attempts_before, turn
             from placed where (select count(*) from placed) > 0"# $(+ $after)*,
            &$places.jobs,
            &$places.models as _,
            &$places.api_keys,
            &$places.priorities,
            &$places.run_ats as _,
            &$places.deadlines as _,
            &$places.attempts_before,
            &$places.ahead
            $(, $argument)*
        )
    };
}
pub(crate) use enqueue_query;

/// Puts jobs into the queue, in the transaction that reopens them.
pub(super) async fn enqueue(
    connection: &mut Connection,
    places: impl IntoIterator<Item = Place<'_>>,
) -> Result<(), sqlx::Error> {
    let places: Places<'_> = places.into_iter().collect();
    enqueue_query!([], [], places).execute(connection).await?;
    Ok(())
}
