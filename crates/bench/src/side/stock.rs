//! Writes jobs by the thousand straight into the tables, and waits until none of them is left.

mod parts;

use std::time::Duration;

use darkroom_core::db::{Pool, Transaction};
use futures_util::future::try_join_all;
use secrecy::SecretString;
use sqlx::AssertSqlSafe;
use tokio::time::sleep;

use super::unbounded;
use parts::parts;

/// What each job asks for.
pub(crate) const PROMPT: &str =
    "Make the sky a warm evening sky, and keep everything else as it is.";

/// How long after it was made a job fails: the default of `JOB_DEADLINE_SECONDS`.
pub(crate) const DEADLINE: Duration = Duration::from_hours(24);

/// How often the database is asked whether jobs are left.
const LOOK: Duration = Duration::from_millis(5);

/// An id of the form of a `UUIDv7`, greater for a greater `$1 + n`.
const ID: &str = "(lpad(to_hex(1700000000000 + $1 + n), 12, '0') || '70008000'
    || lpad(to_hex($1 + n), 12, '0'))::uuid";

/// Opens all of a pool's connections.
pub(crate) async fn warm(pool: &Pool) -> anyhow::Result<()> {
    let connections = (0..pool.usage().max).map(|_| pool.acquire());
    try_join_all(connections).await?;
    Ok(())
}

/// Puts this many jobs into the queue, in one transaction, and wakes workers. Their ids begin after the `after`th.
pub(crate) async fn fill(pool: &Pool, after: i64, jobs: u32) -> anyhow::Result<()> {
    let made = format!(
        "with made as (
             insert into jobs (id, prompt, model, options)
             select {ID}, $3, $4, '{{}}' from generate_series(1, $2) as n
             returning id, model
         )
         insert into queue (job_id, model, turn, deadline_at)
         select id, model, (extract(epoch from clock_timestamp()) * 1e6)::bigint,
             now() + make_interval(secs => {})
         from made",
        DEADLINE.as_secs()
    );
    let mut transaction = pool.begin().await?;
    quietly(&mut transaction).await?;
    for part in parts(after, jobs.into()) {
        part.bound(made.clone()).execute(&mut *transaction).await?;
    }
    sqlx::query("select pg_notify('darkroom_queue', '')").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Writes this many completed jobs into the record, in parts: the last has ended now, and each about a second after the
/// one before. Their ids begin after the `after`th.
pub(crate) async fn record(pool: &Pool, after: i64, jobs: i64) -> anyhow::Result<()> {
    let made = format!(
        "insert into jobs (id, prompt, model, options, status, created_at, updated_at, finished_at)
         select {ID}, $3, $4, '{{}}', 'completed', at, at, at
         from generate_series(1, $2) as n
         cross join lateral (select now() - make_interval(secs => $5 + $2 - n)) as moment (at)"
    );
    for part in parts(after, jobs) {
        let mut transaction = pool.begin().await?;
        quietly(&mut transaction).await?;
        part.bound(made.clone()).bind(part.left).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Turns triggers off: nobody watches these jobs.
async fn quietly(transaction: &mut Transaction) -> anyhow::Result<()> {
    sqlx::query("set local session_replication_role = replica").execute(&mut **transaction).await?;
    Ok(())
}

/// Waits until no job waits in line and none is held. It reads the indexes, which forget what is gone: in the table,
/// dead rows would be read again at each look.
pub(crate) async fn gone(pool: &Pool) -> anyhow::Result<()> {
    let mut looking = pool.acquire().await?;
    sqlx::query("set enable_seqscan = off").execute(&mut looking).await?;
    let are_left = "select exists (select from queue where in_line)
        or exists (select from queue where leased_by is not null)";
    while sqlx::query_scalar(are_left).fetch_one(&mut looking).await? {
        sleep(LOOK).await;
    }
    sqlx::query("reset enable_seqscan").execute(&mut looking).await?;
    Ok(())
}

/// Waits until no job after the `after`th is left. It looks up the last one by its key, so dead rows of earlier jobs
/// cost nothing.
pub(crate) async fn gone_since(pool: &Pool, after: i64) -> anyhow::Result<()> {
    let last = format!(
        "select job_id from queue cross join (values (1)) as first (n)
         where job_id >= {ID} order by job_id desc limit 1"
    );
    let look = || sqlx::query(AssertSqlSafe(last.clone())).bind(after);
    while look().fetch_optional(pool).await?.is_some() {
        sleep(LOOK).await;
    }
    Ok(())
}

/// Has statistics up to date, and nothing left to be cleared away or written out.
pub(crate) async fn vacuum(url: &SecretString) -> anyhow::Result<()> {
    unbounded::run(url, &["vacuum analyze", "checkpoint"]).await
}
