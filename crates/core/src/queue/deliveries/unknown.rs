//! Deliveries that a worker holds without knowing it.

use super::Lease;
use crate::{
    db::{Error, Pool},
    queue::{Round, wake},
};

/// Frees the deliveries of a worker that are not among `known`, after a claim whose answer was lost.
///
/// [`release_unknown`](crate::queue::release_unknown) does the same for jobs; deliveries have rounds of their own.
pub async fn release_unknown(
    pool: &Pool,
    round: Round,
    known: &[Lease],
) -> Result<(Round, u64), Error> {
    let doing = "freeing deliveries that a lost answer hid";
    let known: Vec<i64> = known.iter().map(|lease| lease.number).collect();
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    sqlx::query!("select id from workers where id = $1 for update", round.worker.0)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(Error::doing(doing))?;
    let number = sqlx::query_scalar!(
        "update workers set delivery_round = delivery_round + 1 where id = $1
         returning delivery_round",
        round.worker.0,
    )
    .fetch_optional(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    let freed = sqlx::query!(
        "update deliveries set leased_by = null where leased_by = $1 and lease_no <> all($2)",
        round.worker.0,
        &known,
    )
    .execute(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    if freed.rows_affected() > 0 {
        wake::hint_deliveries(pool).await;
    }
    Ok((Round { number: number.unwrap_or(round.number), ..round }, freed.rows_affected()))
}
