//! Ripen: rows that rest become due when their moment has come.

use crate::db::{Error, Pool};

/// The most rows that one statement makes due.
const BATCH: i64 = 1_000;

/// Makes rows due whose moment has come. True where there may be more.
///
/// A job that was claimed before keeps its turn: it has waited already. One that was not, because its caller
/// wanted it to start only now, takes a turn after its API key's others, as when it is enqueued.
///
/// All turns are computed before the first row is changed: else each search for a key's last job would step over the
/// rows that this statement itself has changed.
pub async fn ripen(pool: &Pool) -> Result<bool, Error> {
    let ripened = sqlx::query!(
        "with ripe as (
             select * from (
                 select job_id, model, api_key_id, priority, lease_no, turn from queue
                 where leased_by is null and run_at <= now()
                 order by run_at limit (select $1::bigint)
                 for update skip locked
             ) as due
             limit $1
         ), placed as (
             select ripe.job_id,
                 case when lease_no > 0 then turn else coalesce(
                     (
                         select others.turn from queue as others
                         where leased_by is null and run_at is null and not has_attempt
                             and others.model = any(array[ripe.model])
                             and others.api_key_id = ripe.api_key_id
                             and others.priority = ripe.priority and turn >= line.front
                         order by others.model desc, turn desc limit 1
                     ) + 1,
                     (
                         select turn from queue as others
                         where in_line and others.priority = ripe.priority
                             and turn >= line.front
                         order by turn limit 1
                     ),
                     greatest(
                         line.front,
                         (select (extract(epoch from clock_timestamp()) * 1e6)::bigint)
                     )
                 ) - 1 + row_number() over (
                     partition by model, api_key_id, priority, lease_no > 0 order by ripe.job_id
                 ) end as turn
             from ripe cross join lateral (
                 select coalesce(
                     (
                         select turn from line_fronts where line_fronts.priority = ripe.priority
                         order by turn desc limit 1
                     ),
                     0
                 ) as front
             ) as line
         )
         update queue set run_at = null, turn = placed.turn
         from placed
         where queue.job_id = any(array[placed.job_id])
             and (select count(*) from placed) > 0",
        BATCH,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("making jobs due"))?;
    Ok(ripened.rows_affected() >= BATCH.unsigned_abs())
}
