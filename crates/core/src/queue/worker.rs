//! Workers: their rows, their heartbeats, and the hand-over when one is told to stop.

use uuid::Uuid;

use crate::db::{Error, Pool};

/// Names a worker process. Random: a restarted process is another worker.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct WorkerId(pub Uuid);

/// Makes a worker known, alive as of now.
pub async fn register(pool: &Pool, name: &str) -> Result<WorkerId, Error> {
    let id = Uuid::new_v4();
    sqlx::query!("insert into workers (id, name) values ($1, $2)", id, name)
        .execute(pool)
        .await
        .map_err(Error::doing("registering a worker"))?;
    Ok(WorkerId(id))
}

/// Says that a worker is alive, for all its leases together. False when it was taken for dead:
/// its leases are gone and it must register anew.
pub async fn beat(pool: &Pool, worker: WorkerId) -> Result<bool, Error> {
    let beaten = sqlx::query!("update workers set beat_at = now() where id = $1", worker.0)
        .execute(pool)
        .await
        .map_err(Error::doing("beating"))?;
    Ok(beaten.rows_affected() == 1)
}

/// Hands over: the worker leaves, and its jobs are free at once for others. Answers how many.
/// Nothing about them is lost; a request that is running at fal is resumed by the next worker.
pub async fn release(pool: &Pool, worker: WorkerId) -> Result<u64, Error> {
    let doing = "handing over a worker's jobs";
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    // First the worker: from here on no claim of it can come in between.
    sqlx::query!("delete from workers where id = $1", worker.0)
        .execute(&mut *transaction)
        .await
        .map_err(Error::doing(doing))?;
    let freed = sqlx::query!("update queue set leased_by = null where leased_by = $1", worker.0)
        .execute(&mut *transaction)
        .await
        .map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    Ok(freed.rows_affected())
}
