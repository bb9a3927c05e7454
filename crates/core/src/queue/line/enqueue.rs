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
    /// Each place's lane, from 1.
    pub(crate) lane_numbers: Vec<i32>,
    pub(crate) run_ats: Vec<Option<OffsetDateTime>>,
    pub(crate) deadlines: Vec<Option<f64>>,
    pub(crate) attempts_before: Vec<i16>,
    /// How many places of the same lane come into line before it.
    pub(crate) ahead: Vec<i64>,
    pub(crate) lanes: Lanes<'a>,
}

/// Lanes: jobs of the same API key, model and priority are in line one after the other.
#[derive(Debug, Default)]
pub(crate) struct Lanes<'a> {
    pub(crate) models: Vec<&'a str>,
    pub(crate) api_keys: Vec<Uuid>,
    pub(crate) priorities: Vec<i16>,
}

impl<'a> Lanes<'a> {
    /// Adds a lane, and returns its number.
    fn add(&mut self, place: &Place<'a>) -> i32 {
        self.models.push(place.model);
        self.api_keys.push(place.owner());
        self.priorities.push(place.priority);
        i32::try_from(self.models.len()).unwrap_or(i32::MAX)
    }
}

impl Place<'_> {
    fn owner(&self) -> Uuid {
        self.api_key.map_or(ApiKeyId::NOBODY, |key| key.0)
    }
}

impl<'a> FromIterator<Place<'a>> for Places<'a> {
    fn from_iter<Iter: IntoIterator<Item = Place<'a>>>(places: Iter) -> Self {
        let mut columns = Self::default();
        let mut known = HashMap::new();
        for place in places {
            let (number, in_lane) = known
                .entry((place.model, place.owner(), place.priority))
                .or_insert_with(|| (columns.lanes.add(&place), 0));
            columns.jobs.push(place.job.0);
            columns.lane_numbers.push(*number);
            columns.run_ats.push(place.run_at);
            columns.deadlines.push(place.deadline.map(|deadline| deadline.as_secs_f64()));
            columns.attempts_before.push(place.attempts_before);
            columns.ahead.push(*in_lane);
            // A job that is to start later takes its turn only then.
            *in_lane += i64::from(place.run_at.is_none());
        }
        columns
    }
}

/// A statement that puts jobs into the queue, between pieces of SQL that its users add. `$1` to `$9` are the
/// [`Places`].
///
/// Turns make the order fair. Inside a priority, each API key's jobs for a model take one turn after the other,
/// and a key that has none waiting gets the turn of the first job in line. So a key with ten thousand jobs delays
/// another key's job by only one of them. Where no job is in line, the turn is the clock in microseconds: later
/// than any turn given before, and the same for the whole statement. Two jobs that are enqueued at the same moment
/// may get the same turn: then the older goes first. No job in line has a lower turn than the line's front, so no
/// lower one is read, or given if the clock was set back. The front is that of the moment (`line_front`), which may be
/// newer than what the statement sees: it may have waited, for another request with the same idempotency key.
///
/// One search for each lane: rows that other statements are inserting are stepped over by each search. A lane's last job
/// is looked for with the condition and in the order of `queue_lanes`, which no other index has. The model is given as
/// one of a list: where PostgreSQL knows of one model only, it would search from the end of the whole line. In each
/// `unnest`, here and around, one list is a subquery, which hides how many rows there are; else each statement would be
/// planned anew. All turns are known before the first row is written, because they are one value: else a search would
/// step over all rows that the statement itself has written.
macro_rules! enqueue_query {
    ([$($before:literal),*], [$($after:literal),*], $places:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $($before +)* r#"with lanes as materialized (
                 select array_agg(
                     coalesce(
                         (
                             select turn + 1 from queue
                             where leased_by is null and run_at is null and not has_attempt
                                 and model = any(array[lane.model])
                                 and api_key_id = lane.api_key_id
                                 and priority = lane.priority and turn >= line.front
                             order by model desc, turn desc limit 1
                         ),
                         (
                             select turn from queue
                             where in_line and priority = lane.priority and turn >= line.front
                             order by turn limit 1
                         ),
                         greatest(
                             line.front,
                             (select (extract(epoch from clock_timestamp()) * 1e6)::bigint)
                         )
                     )
                     order by number
                 ) as turns
                 from unnest((select $7::text[]), $8::uuid[], $9::smallint[]) with ordinality
                     as lane (model, api_key_id, priority, number)
                 cross join lateral (select line_front(lane.priority) as front) as line
             )
             insert into queue
                 (job_id, model, api_key_id, priority, run_at, deadline_at, attempts_before, turn)
             select
                 job_id, ($7::text[])[lane], ($8::uuid[])[lane], ($9::smallint[])[lane], run_at,
                 coalesce(run_at, now()) + make_interval(secs => deadline), attempts_before,
                 ahead + (select turns from lanes)[lane]
             from unnest(
                 (select $1::uuid[]), $2::int[], $3::timestamptz[], $4::float8[], $5::smallint[],
                 $6::bigint[]
             ) as place (job_id, lane, run_at, deadline, attempts_before, ahead)
             where true"# $(+ $after)*,
            &$places.jobs,
            &$places.lane_numbers,
            &$places.run_ats as _,
            &$places.deadlines as _,
            &$places.attempts_before,
            &$places.ahead,
            &$places.lanes.models as _,
            &$places.lanes.api_keys,
            &$places.lanes.priorities
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
