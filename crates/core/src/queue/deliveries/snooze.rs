//! Snooze: deliveries whose receiver is busy are given back for a while.

use std::time::Duration;

use uuid::Uuid;

use super::Lease;
use crate::db::{Error, Pool};

/// Gives deliveries back, each for so long, in one statement. Answers how many were given up instead: they were tried, and
/// would have expired by then.
///
/// No failure is counted. Those whose lease is lost stay as they are. Meanwhile they are not due, so that a claim does
/// not meet them. As with completions of jobs, the planner is not told how many there are, and looks each up by its key.
pub async fn snooze(pool: &Pool, rests: &[(Lease, Duration)]) -> Result<u64, Error> {
    let leases = rests.iter().map(|(lease, _rest)| lease);
    let deliveries: Vec<Uuid> = leases.clone().map(|lease| lease.delivery.0).collect();
    let workers: Vec<Uuid> = leases.clone().map(|lease| lease.worker.0).collect();
    let numbers: Vec<i64> = leases.map(|lease| lease.number).collect();
    let seconds: Vec<f64> = rests.iter().map(|(_lease, rest)| rest.as_secs_f64()).collect();
    let given_up = sqlx::query_scalar!(
        r#"with told as (
             select * from unnest(
                 (select $1::uuid[]), (select $2::uuid[]), (select $3::bigint[]),
                 (select $4::float8[])
             ) as told (id, worker, lease_no, seconds)
             limit (select cardinality($1::uuid[]))
         ), settled as (
             update deliveries set leased_by = null,
                 next_at = case
                     when failures = 0 or now() + make_interval(secs => told.seconds) <= expires_at
                     then now() + make_interval(secs => told.seconds) end,
                 gave_up_at = case
                     when failures > 0 and now() + make_interval(secs => told.seconds) > expires_at
                     then now() end
             from told
             where deliveries.id = any(array[told.id])
                 and leased_by is not distinct from told.worker
                 and deliveries.lease_no = told.lease_no
             returning next_at
         )
         select count(*) filter (where next_at is null) as "given_up!" from settled"#,
        &deliveries,
        &workers,
        &numbers,
        &seconds,
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("snoozing deliveries"))?;
    Ok(given_up.unsigned_abs())
}
