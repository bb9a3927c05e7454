//! The floor of every queue on PostgreSQL: one table, whose rows pgbench claims and marks as done, a hundred at a time.

use anyhow::bail;
use darkroom_core::{config::Config, db::Pool};

use super::{
    Action,
    answer::{Done, Identity, Took},
    ours,
    pgbench::Pgbench,
    say, stock,
};

/// Jobs of a claim.
const BATCH: u32 = 100;

/// Clients at a time.
const CLIENTS: u32 = 4;

/// The jobs that wait have an index of their own, as in any queue that is meant to last.
const TABLE: &str = "
    create table plain_jobs (
        id bigint generated always as identity primary key,
        state smallint not null default 0,
        payload text not null,
        finished_at timestamptz
    );
    create index plain_jobs_waiting on plain_jobs (id) where state = 0";

pub(super) async fn act(action: Action) -> anyhow::Result<()> {
    let config = Config::load()?;
    let pgbench = Pgbench::find(&config).await?;
    let pool = ours::connect(&config, 1)?;
    match action {
        Action::Setup => {
            sqlx::raw_sql(TABLE).execute(&mut pool.acquire().await?).await?;
            say(&Done {})
        }
        Action::Enqueue { jobs, clients } => say(&pgbench.make(insert, clients, (jobs, 1)).await?),
        Action::Bulk { jobs } => say(&pgbench.make(insert, 1, (jobs, BATCH)).await?),
        Action::Drain { .. } => say(&drain(&pgbench, &pool).await?),
        Action::Version => say(&Identity {
            name: "one table".to_owned(),
            version: format!("pgbench {}", pgbench.version().await?),
            settings: format!("batches of {BATCH}, {CLIENTS} clients"),
        }),
        Action::Wake { .. } | Action::Work => bail!("a floor does not wait"),
    }
}

async fn drain(pgbench: &Pgbench, pool: &Pool) -> anyhow::Result<Took> {
    let script = format!(
        "with chosen as (
             select id from plain_jobs where state = 0 order by id limit {BATCH}
             for update skip locked
         ), taken as (
             update plain_jobs set state = 1 from chosen where plain_jobs.id = chosen.id
             returning plain_jobs.id
         )
         select coalesce(array_agg(id), '{{}}') as jobs from taken \\gset
         update plain_jobs set state = 2, finished_at = now() where id = any(:jobs::bigint[]);"
    );
    let waiting = "select count(*) from plain_jobs where state < 2";
    pgbench.drain(&script, CLIENTS, BATCH, pool, waiting).await
}

fn insert(rows: u32) -> String {
    let payload = stock::PROMPT;
    format!("insert into plain_jobs (payload) select '{payload}' from generate_series(1, {rows});")
}
