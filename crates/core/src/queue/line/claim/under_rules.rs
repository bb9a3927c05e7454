//! A claim where limits or pauses hold.

use super::{Claims, Row, claim_query, taken};
use crate::{
    db::{self, Pool},
    queue::Round,
};

/// The number of the advisory lock under which claims go one after the other, for all who use this
/// database. It spells "queue".
const ONE_AT_A_TIME: i64 = 0x71_7565_7565;

/// Begins the transaction of a claim, and waits for its turn.
async fn begin(pool: &Pool) -> Result<db::Transaction, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // With many jobs in line, PostgreSQL expects so much work that it would compile the claim first, each time. The
    // pool has set this already; but behind PgBouncer, that may have been on another server connection.
    sqlx::query!("set local jit = off").execute(&mut *transaction).await?;
    let turn = sqlx::query!("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME);
    turn.execute(&mut *transaction).await?;
    Ok(transaction)
}

/// Claims up to `limit` due jobs like [`claim`](super::claim()), as far as the rules allow.
/// `max_in_flight` is the limit of everything, unless a rule sets another.
///
/// Jobs in flight are counted from their rows: those that are leased, and those whose request may run at fal
/// though no worker follows it. The count is exact because nobody else claims between it and the commit, and
/// because the lock is taken in an earlier statement: so the count sees what the last holder claimed.
///
/// The rows of one model and one API key are a lane: however many wait in a full lane, the claim
/// reads none of them. The chosen rows are looked up with a condition that fits no index of the line.
pub async fn claim_under_rules(
    pool: &Pool,
    round: impl Into<Round>,
    limit: usize,
    max_in_flight: Option<i32>,
) -> Result<Claims, db::Error> {
    let round = round.into();
    let doing = "claiming jobs under limits";
    let mut transaction = begin(pool).await.map_err(db::Error::doing(doing))?;
    let rows = claim_query!(
        "in_flight as (
             select model, api_key_id, count(*) as jobs from (
                 select model, api_key_id from queue where leased_by is not null
                 union all
                 select model, api_key_id from queue where is_left
             ) as queue
             group by model, api_key_id
         ), open as (
             select case
                 when rule.paused_at is not null or exists (select from provider_halt) then 0
                 else coalesce(rule.max_in_flight, $4)
                     - (select coalesce(sum(jobs), 0) from in_flight)
             end as room
             from (select) as always
             left join queue_rules as rule on scope = 'everything'
         ), lanes as (
             (
                 select model, api_key_id from queue
                 where leased_by is null and run_at is null and not has_attempt
                 order by model, api_key_id limit 1
             )
             union all
             select next.model, next.api_key_id from lanes cross join lateral (
                 select model, api_key_id from queue
                 where leased_by is null and run_at is null and not has_attempt
                     and (model, api_key_id) > (lanes.model, lanes.api_key_id)
                 order by model, api_key_id limit 1
             ) as next
         ), open_lanes as (
             select lanes.model, lanes.api_key_id, model_room, key_room
             from lanes
             left join queue_rules as model_rule
                 on model_rule.scope = 'model' and model_rule.subject = lanes.model
             left join queue_rules as key_rule
                 on key_rule.scope = 'api_key' and key_rule.subject = lanes.api_key_id::text
             cross join lateral (
                 select
                     case when model_rule.paused_at is not null then 0
                     else model_rule.max_in_flight - (
                         select coalesce(sum(jobs), 0) from in_flight
                         where in_flight.model = lanes.model
                     ) end as model_room,
                     case when key_rule.paused_at is not null then 0
                     else key_rule.max_in_flight - (
                         select coalesce(sum(jobs), 0) from in_flight
                         where in_flight.api_key_id = lanes.api_key_id
                     ) end as key_room
             ) as rooms
             where coalesce(model_room > 0, true) and coalesce(key_room > 0, true)
         ), waiting as (
             select first.*, open_lanes.*
             from open_lanes cross join lateral (
                 select job_id, priority, turn from queue
                 where leased_by is null and run_at is null and not has_attempt
                     and model = any(array[open_lanes.model])
                     and api_key_id = open_lanes.api_key_id
                 order by model, priority desc, turn, job_id
                 limit least($2, open_lanes.model_room, open_lanes.key_room)
             ) as first
         ), within_keys as (
             select *, row_number() over (
                 partition by api_key_id order by priority desc, turn, job_id
             ) as key_rank
             from waiting
         ), within_models as (
             select *, row_number() over (
                 partition by model order by priority desc, turn, job_id
             ) as model_rank
             from within_keys where coalesce(key_rank <= key_room, true)
         ), chosen as (
             select job_id from within_models where coalesce(model_rank <= model_room, true)
             order by priority desc, turn, job_id
             limit greatest(0, least(
                 $2 - (select count(*) from resumed), (select room from open)
             ))
         ), fresh as (
             select locked.job_id from chosen cross join lateral (
                 select job_id from queue where job_id = chosen.job_id
                     and leased_by is null and run_at is null and not is_left
                 for update skip locked
             ) as locked where exists (select from alive)
         ), due as (
             select job_id from resumed union all select job_id from fresh
         )",
        // No front is moved: jobs in full lanes may wait before these.
        "select",
        round,
        i64::try_from(limit).unwrap_or(i64::MAX),
        max_in_flight as _
    )
    .fetch_all(&mut *transaction)
    .await
    .map_err(db::Error::doing(doing))?;
    transaction.commit().await.map_err(db::Error::doing(doing))?;
    taken(pool, rows, round.worker).await
}
