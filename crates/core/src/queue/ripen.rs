//! Ripen: rows that rested until now are due.

use crate::db::{Error, Pool};

/// Rows that one statement makes due, at most.
const BATCH: i64 = 1_000;

/// Makes due what rested until now. True where there may be more.
///
/// What was claimed before keeps its turn: it has waited already. What was not, because its caller
/// wanted it to start now, takes a turn behind its API key's others, as it would on being enqueued.
pub async fn ripen(pool: &Pool) -> Result<bool, Error> {
    let ripened = sqlx::query!(
        "with ripe as (
             select job_id from queue
             where leased_by is null and run_at <= now()
             order by run_at limit $1
             for update skip locked
         ), placed as (
             select queue.job_id,
                 case when lease_no > 0 then turn else coalesce(
                     (
                         select turn from queue as others
                         where in_line and others.model = any(array[queue.model])
                             and others.api_key_id = queue.api_key_id
                             and others.priority = queue.priority and turn >= line.front
                         order by others.model desc, turn desc limit 1
                     ) + 1,
                     (
                         select turn from queue as others
                         where in_line and others.priority = queue.priority
                             and turn >= line.front
                         order by turn limit 1
                     ),
                     (extract(epoch from clock_timestamp()) * 1e6)::bigint
                 ) - 1 + row_number() over (
                     partition by queue.model, queue.api_key_id, queue.priority, lease_no > 0
                     order by queue.job_id
                 ) end as turn
             from queue join ripe on ripe.job_id = queue.job_id
             cross join lateral (
                 select coalesce(
                     (
                         select turn from line_fronts where line_fronts.priority = queue.priority
                         order by turn desc limit 1
                     ),
                     0
                 ) as front
             ) as line
         )
         update queue set run_at = null, turn = placed.turn
         from placed where queue.job_id = placed.job_id",
        BATCH,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("making jobs due"))?;
    Ok(ripened.rows_affected() >= BATCH.unsigned_abs())
}
