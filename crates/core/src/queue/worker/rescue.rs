//! Rescue: free the jobs and deliveries of workers that stopped beating.

use std::time::Duration;

use super::isolation::SUSPECT;
use crate::{
    db::{Error, Pool},
    queue::wake,
};

/// What a rescue found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rescued {
    /// Workers that were taken for dead.
    pub workers: u64,
    /// Jobs that are free again.
    pub jobs: u64,
    /// Deliveries that are free again.
    pub deliveries: u64,
}

/// Removes workers whose beat is older than `lease` and frees what they held. Any worker may run it,
/// and several at once do no harm.
///
/// For a job that was rescued twice before (a [suspect](crate::queue::isolate)), another rescue counts only if the worker
/// had isolated it. So a job that takes its workers down is found, and the jobs beside it are not blamed.
///
/// It takes two statements: the first passes over a worker whose claim is under way, and only a later one sees what a
/// worker claimed just before its row was deleted.
pub async fn rescue(pool: &Pool, lease: Duration) -> Result<Rescued, Error> {
    let doing = "rescuing jobs";
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let dead = sqlx::query_scalar!(
        "delete from workers where id in (
             select id from workers where beat_at < now() - make_interval(secs => $1)
             for update skip locked
         )
         returning id",
        lease.as_secs_f64(),
    )
    .fetch_all(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    if dead.is_empty() {
        return Ok(Rescued::default());
    }
    let freed = sqlx::query!(
        "update queue set leased_by = null,
             rescues = rescues + (rescues < $2 or is_isolated)::int::smallint
         where leased_by = any($1)",
        &dead,
        SUSPECT,
    )
    .execute(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    let deliveries =
        sqlx::query!("update deliveries set leased_by = null where leased_by = any($1)", &dead)
            .execute(&mut *transaction)
            .await
            .map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    wake::hint(pool).await;
    if deliveries.rows_affected() > 0 {
        wake::hint_deliveries(pool).await;
    }
    Ok(Rescued {
        workers: u64::try_from(dead.len()).unwrap_or(u64::MAX),
        jobs: freed.rows_affected(),
        deliveries: deliveries.rows_affected(),
    })
}
