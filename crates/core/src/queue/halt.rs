//! Halt: fal does not accept the account, so nobody submits until a probe says that it does again.

use std::time::Duration;

use time::OffsetDateTime;

use crate::db::{Error, Pool};

/// A halt that holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Halt {
    /// Why, as a job's failure would say it.
    pub failure_code: String,
    /// Since when, by the database's clock.
    pub since: OffsetDateTime,
}

/// Halts submissions of all workers; the first probe is due after a while. True where this call did it: a
/// halt that holds already is left as it is.
pub async fn halt(pool: &Pool, failure_code: &str, probe_after: Duration) -> Result<bool, Error> {
    let halted = sqlx::query!(
        "insert into provider_halt (failure_code, probe_at)
         values ($1, now() + make_interval(secs => $2))
         on conflict on constraint provider_halt_pkey do nothing",
        failure_code,
        probe_after.as_secs_f64(),
    )
    .execute(pool)
    .await
    .map_err(Error::doing("halting submissions"))?;
    Ok(halted.rows_affected() == 1)
}

/// The halt that holds now, if any.
pub async fn halted(pool: &Pool) -> Result<Option<Halt>, Error> {
    sqlx::query_as!(Halt, "select failure_code, since from provider_halt")
        .fetch_optional(pool)
        .await
        .map_err(Error::doing("reading the halt"))
}

/// Takes the probe, if it is due; the next is due after a while. True for the worker that is to probe: only
/// one at a time.
pub async fn take_probe(pool: &Pool, next_after: Duration) -> Result<bool, Error> {
    let taken = sqlx::query!(
        "update provider_halt set probe_at = now() + make_interval(secs => $1)
         where probe_at <= now()",
        next_after.as_secs_f64(),
    )
    .execute(pool)
    .await
    .map_err(Error::doing("taking a probe"))?;
    Ok(taken.rows_affected() == 1)
}

/// Lets submissions go on. True where this call ended the halt.
pub async fn end_halt(pool: &Pool) -> Result<bool, Error> {
    let resumed = sqlx::query!("delete from provider_halt")
        .execute(pool)
        .await
        .map_err(Error::doing("resuming submissions"))?;
    let ended = resumed.rows_affected() > 0;
    if ended {
        super::wake::hint(pool).await;
    }
    Ok(ended)
}
