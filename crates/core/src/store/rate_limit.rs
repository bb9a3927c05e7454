//! How many requests a subject may make in a minute, on all replicas together (the generic cell rate algorithm; source:
//! ITU-T I.371).

use std::time::Duration;

use super::Pruned;
use crate::db::{Error, Pool};

/// The time in which `per_minute` requests are allowed.
const WINDOW: Duration = Duration::from_mins(1);

/// Rows of one batch.
const BATCH: i64 = 1_000;

/// Whether one was allowed, and how many more are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// `None` where it was allowed; else how long to wait.
    pub wait: Option<Duration>,
    /// How many more are allowed now.
    pub left: u32,
    /// How long until the whole number is allowed again.
    pub full_in: Duration,
}

/// Takes one of the `per_minute` that a subject has: all of them at once, where none was taken for a minute.
pub async fn take(pool: &Pool, subject: &str, per_minute: u32) -> Result<Allowance, Error> {
    let interval = WINDOW.as_secs_f64() / f64::from(per_minute.max(1));
    let taking = async {
        let granted = take_one(pool, subject, interval).await?;
        let full_in = match granted {
            Some(full_in) => full_in,
            None => full_in(pool, subject).await?,
        };
        Ok((granted.is_some(), full_in))
    };
    let taken = taking.await.map_err(Error::doing("looking at how fast somebody goes"));
    let (is_granted, full_in) = taken?;
    let full_in = full_in.clamp(0.0, WINDOW.as_secs_f64());
    let wait = (full_in + interval - WINDOW.as_secs_f64()).max(0.0);
    // Rounding must not take one away.
    let left = ((WINDOW.as_secs_f64() - full_in) / interval + 1e-6).floor();
    Ok(Allowance {
        wait: (!is_granted).then(|| Duration::from_secs_f64(wait)),
        left: format!("{left:.0}").parse().unwrap_or(0),
        full_in: Duration::from_secs_f64(full_in),
    })
}

/// Takes one, and answers in how many seconds the whole number is allowed again; `None` where none is left.
async fn take_one(pool: &Pool, subject: &str, interval: f64) -> Result<Option<f64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into rate_limits (subject, full_at)
           values ($1, now() + make_interval(secs => $2))
           on conflict on constraint rate_limits_pkey do update set
               full_at = greatest(rate_limits.full_at, now()) + make_interval(secs => $2)
           where greatest(rate_limits.full_at, now()) + make_interval(secs => $2)
               <= now() + make_interval(secs => $3)
           returning extract(epoch from full_at - now())::float8 as "full_in!""#,
        subject,
        interval,
        WINDOW.as_secs_f64(),
    )
    .fetch_optional(pool)
    .await
}

/// In how many seconds the whole number is allowed again. A statement of its own: the one that was refused may have
/// waited for another request, and does not see what that one took.
async fn full_in(pool: &Pool, subject: &str) -> Result<f64, sqlx::Error> {
    let full_in = sqlx::query_scalar!(
        r#"select extract(epoch from full_at - now())::float8 as "full_in!"
           from rate_limits where subject = $1"#,
        subject,
    )
    .fetch_optional(pool)
    .await?;
    Ok(full_in.unwrap_or_default())
}

/// Deletes a batch of subjects that have had their whole number again for a minute.
pub async fn prune_rate_limits(pool: &Pool) -> Result<Pruned, Error> {
    let pruned = sqlx::query!(
        "delete from rate_limits where subject = any(array(
             select subject from rate_limits where full_at < now() - interval '1 minute'
             limit $1 for update skip locked
         ))",
        BATCH,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("forgetting rate limits"))?;
    Ok(Pruned::of(pruned.rows_affected(), BATCH))
}
