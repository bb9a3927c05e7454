//! Settle: what came of an attempt at a delivery.

use std::time::Duration;

use super::Lease;
use crate::{
    db::{self, Pool},
    queue::Error,
};

/// The most attempts that a delivery's log keeps: the latest ones.
const LOGGED: i32 = 20;

/// An attempt, as the log keeps it.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// The answer's status code, where there was one.
    pub status: Option<u16>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// The beginning of what the receiver said; without control characters.
    pub response: Option<String>,
    /// From its start to its end.
    pub took: Duration,
}

/// What is to follow an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It is tried again after this time, if it has not expired by then.
    Again(Duration),
    /// It is not tried again.
    GiveUp,
}

/// Where a delivery stands after an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settled {
    /// The receiver has it.
    Delivered,
    /// Another attempt follows.
    Waits,
    /// No other attempt follows.
    GaveUp,
}

/// Ends a lease with what came of the attempt.
pub async fn settle(
    pool: &Pool,
    lease: &Lease,
    tried: &Tried,
    verdict: Verdict,
) -> Result<Settled, Error> {
    let delivered = verdict == Verdict::Delivered;
    let again = match verdict {
        Verdict::Again(after) => Some(after.as_secs_f64()),
        Verdict::Delivered | Verdict::GiveUp => None,
    };
    let milliseconds = i64::try_from(tried.took.as_millis()).unwrap_or(i64::MAX);
    let settled = sqlx::query!(
        r#"with lease as (
               select id, now() + make_interval(secs => $5) as again_at, expires_at from deliveries
               where id = $1 and leased_by is not distinct from $2 and lease_no = $3
               for update
           )
           update deliveries set leased_by = null,
               failures = failures + case when $4 then 0 else 1 end,
               next_at = case when lease.again_at <= lease.expires_at then lease.again_at end,
               delivered_at = case when $4 then now() end,
               gave_up_at = case when not $4 and (lease.again_at <= lease.expires_at) is not true
                   then now() end,
               log = case when jsonb_array_length(log) < $6 then log else log - 0 end
                   || jsonb_build_object(
                       'at', now() - make_interval(secs => $7::bigint / 1000.0),
                       'status', $8::integer, 'error', $9::text, 'response', $10::text,
                       'milliseconds', $7::bigint
                   )
           from lease where deliveries.id = $1 and deliveries.id = lease.id
           returning next_at is not null as "waits!""#,
        lease.delivery.0,
        lease.worker.0,
        lease.number,
        delivered,
        again,
        LOGGED,
        milliseconds,
        tried.status.map(i32::from),
        tried.error,
        tried.response,
    )
    .fetch_optional(pool)
    .await
    .map_err(db::Error::doing("settling a delivery"))?
    .ok_or(Error::LeaseLost)?;
    Ok(match (delivered, settled.waits) {
        (true, _) => Settled::Delivered,
        (false, true) => Settled::Waits,
        (false, false) => Settled::GaveUp,
    })
}
