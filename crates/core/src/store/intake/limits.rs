//! Limits of an API key: how many unfinished jobs it may have, and what its jobs may cost on a day.
//!
//! Both are checked last in the transaction that makes or reopens a job, under a lock on the key's row: so they hold
//! exactly, however many requests come at the same time, on however many replicas.

use time::{OffsetDateTime, Time};

use super::asked::Refusal;
use crate::{api_key::ApiKeyId, db::Connection, store::usage};

/// Checks a key's limits with the job that was just made or reopened; on a refusal, the transaction must not
/// commit. `cost` is what the job may cost, in millionths of a US dollar.
pub(crate) async fn check(
    connection: &mut Connection,
    key: ApiKeyId,
    cost: i64,
) -> Result<Result<(), Refusal>, sqlx::Error> {
    // The lock is a statement of its own, so that the next ones see what its last holder did.
    let limits = sqlx::query!(
        r#"select max_pending, daily_budget_micros, (now() at time zone 'UTC')::date as "today!",
               now() as "now!"
           from api_keys where id = $1 for no key update"#,
        key.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(limits) = limits else { return Ok(Ok(())) };
    if let Some(most) = limits.max_pending {
        let pending = sqlx::query_scalar!(
            r#"select count(*) as "count!" from jobs where api_key_id = $1 and finished_at is null"#,
            key.0,
        )
        .fetch_one(&mut *connection)
        .await?;
        if pending > i64::from(most) {
            return Ok(Err(Refusal::TooManyPending { most }));
        }
    }
    if let Some(budget) = limits.daily_budget_micros {
        let taken = usage::fold(connection, key.0, limits.today).await?;
        if taken > budget {
            let midnight = limits.today.next_day().unwrap_or(limits.today);
            let full_at = OffsetDateTime::new_utc(midnight, Time::MIDNIGHT);
            let left = (budget - (taken - cost)).max(0);
            let wait = (full_at - limits.now).try_into().unwrap_or_default();
            return Ok(Err(Refusal::BudgetExhausted { budget, left, cost, full_at, wait }));
        }
    }
    Ok(Ok(()))
}
