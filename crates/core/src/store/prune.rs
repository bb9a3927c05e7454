//! Prune: jobs that ended long ago go, with their images and attempts, and idempotency keys after a day.

use std::time::Duration;

use super::intake::REMEMBERED;
use crate::db::{Error, Pool};

/// Jobs of one batch: their images are megabytes each.
const BATCH: i64 = 100;

/// Idempotency keys of one batch.
const KEYS: i64 = 1_000;

/// What a batch deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pruned {
    /// How many rows.
    pub rows: u64,
    /// It deleted as many as a batch may: there may be more.
    pub is_full: bool,
}

impl Pruned {
    pub(super) fn of(rows: u64, most: i64) -> Self {
        Self { rows, is_full: rows >= most.unsigned_abs() }
    }
}

/// Deletes a batch of jobs that ended longer ago than this, those that ended first before others. Several at once do no
/// harm.
pub async fn prune(pool: &Pool, retention: Duration) -> Result<Pruned, Error> {
    let pruned = sqlx::query!(
        "with old as (
             select id from jobs
             where finished_at < now() - make_interval(secs => $1)
             order by finished_at limit (select $2::bigint)
             for update skip locked
         )
         delete from jobs where id = any(array(select id from old))",
        retention.as_secs_f64(),
        BATCH,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("pruning jobs"))?;
    Ok(Pruned::of(pruned.rows_affected(), BATCH))
}

/// Deletes a batch of idempotency keys that are no longer remembered, the oldest first.
///
/// Rows are named by their `ctid`: to find them by their primary keys, all keys would be read for each batch.
pub async fn prune_idempotency_keys(pool: &Pool) -> Result<Pruned, Error> {
    let pruned = sqlx::query!(
        "delete from idempotency_keys where ctid = any(array(
             select ctid from idempotency_keys
             where created_at < now() - make_interval(secs => $2)
             order by created_at limit (select $1::bigint)
             for update skip locked
         ))",
        KEYS,
        REMEMBERED.as_secs_f64(),
    )
    .execute(pool)
    .await
    .map_err(Error::doing("pruning idempotency keys"))?;
    Ok(Pruned::of(pruned.rows_affected(), KEYS))
}
