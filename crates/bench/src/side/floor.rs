//! The floor of Darkroom: its own statements on its own tables, sent by pgbench; and, where jobs are made, the same
//! bytes inserted into one table.

use anyhow::{Context, bail};
use darkroom_core::{
    config::Config,
    db::{self, Pool},
    models,
};
use secrecy::SecretString;

use super::{
    Action,
    answer::{Done, Identity, Took},
    pgbench::Pgbench,
    say,
    statements::Statements,
    stock,
};

/// Jobs of a claim.
const BATCH: u32 = 100;

/// How many clients there are at a time; the best result counts.
const CLIENTS: [u32; 2] = [4, 8];

/// The worker id of a client.
const WORKER: &str = "('00000000-0000-4000-8000-' || lpad(:client_id::text, 12, '0'))::uuid";

/// Clients that insert in bulk.
const BULK_CLIENTS: u32 = 2;

pub(super) async fn act(action: Action) -> anyhow::Result<()> {
    let config = Config::load()?;
    let pgbench = Pgbench::find(&config).await?;
    match action {
        Action::Setup => {
            let pool = super::ours::connect(&config, 1)?;
            setup(&pool).await?;
            say(&Done {})
        }
        Action::Enqueue { jobs, clients } => say(&pgbench.make(insert, clients, (jobs, 1)).await?),
        Action::Bulk { jobs } => say(&pgbench.make(insert, BULK_CLIENTS, (jobs, BATCH)).await?),
        Action::Drain { jobs } => {
            let url = config.database.url.as_ref().context("DATABASE_URL is not set")?;
            let pool = super::ours::connect(&config, 1)?;
            say(&drain(&pgbench, url, &pool, jobs).await?)
        }
        Action::Version => say(&Identity {
            name: "Darkroom's statements".to_owned(),
            version: format!("pgbench {}", pgbench.version().await?),
            settings: format!("batches of {BATCH}, the best of {CLIENTS:?} clients"),
        }),
        Action::Wake { .. } | Action::Work => bail!("a floor does not wait"),
    }
}

async fn setup(pool: &Pool) -> anyhow::Result<()> {
    db::migrate(pool).await?;
    let Statements { claim, complete } = Statements::watch(pool).await?;
    let (claim_text, claim_types) = (claim.text, claim.types.join(", "));
    let (complete_text, complete_types) = (complete.text, complete.types.join(", "));
    // Functions keep the plans, as prepared statements do, and `$1` means the same in them. The names of
    // the columns are those that the worker reads.
    let made = format!(
        r#"create function floor_claim({claim_types}, out floor_jobs uuid[], out floor_leases bigint[])
           language plpgsql as $floor$
           declare
               taken record;
           begin
               floor_jobs := '{{}}';
               floor_leases := '{{}}';
               for taken in {claim_text} loop
                   if taken."job_id?" is not null then
                       floor_jobs := floor_jobs || taken."job_id?";
                       floor_leases := floor_leases || taken."lease_no?";
                   end if;
               end loop;
           end
           $floor$;

           create function floor_complete(
               {complete_types}, out floor_job uuid, out floor_worker uuid, out floor_lease bigint
           )
           returns setof record language plpgsql as $floor$
           begin
               return query {complete_text};
           end
           $floor$;

           create table floor_inserts (
               id bigint generated always as identity primary key,
               prompt text not null, model text not null, options jsonb not null,
               status text not null, created_at timestamptz not null default now(),
               turn bigint not null
           );

           insert into workers (id, name, beat_at)
           select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'floor', 'infinity'
           from generate_series(0, 99) as n"#
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(made)).execute(&mut pool.acquire().await?).await?;
    Ok(())
}

/// Fills the queue anew for each number of clients, so that all find the same.
async fn drain(
    pgbench: &Pgbench,
    url: &SecretString,
    pool: &Pool,
    jobs: u32,
) -> anyhow::Result<Took> {
    let complete = completing(pool, WORKER, [":jobs", ":leases"]).await?;
    let script = format!("{} \\gset\n{complete};", claiming(WORKER));
    let mut best: Option<Took> = None;
    sqlx::query("delete from queue").execute(pool).await?;
    for (round, clients) in (1..).zip(CLIENTS) {
        stock::fill(pool, round * 10_000_000, jobs).await?;
        stock::vacuum(url).await?;
        let waiting = "select count(*) from queue";
        let took = pgbench.drain(&script, clients, BATCH, pool, waiting).await?;
        best = best.filter(|best| best.rate() > took.rate()).or(Some(took));
    }
    best.context("nothing was drained")
}

/// Claims jobs for a worker.
fn claiming(worker: &str) -> String {
    format!(
        "select floor_jobs as jobs, floor_leases as leases from floor_claim({worker}, {BATCH}, 0)"
    )
}

/// Completes a worker's jobs, and counts them.
async fn completing(
    pool: &Pool,
    worker: &str,
    [jobs, leases]: [&str; 2],
) -> anyhow::Result<String> {
    let parameters: i16 =
        sqlx::query_scalar("select pronargs from pg_proc where proname = 'floor_complete'")
            .fetch_one(pool)
            .await?;
    let others = ", null".repeat(usize::try_from(parameters)?.saturating_sub(3));
    Ok(format!(
        "select count(*) from floor_complete(
             {jobs}::uuid[], array_fill({worker}, array[cardinality({jobs}::uuid[])]),
             {leases}::bigint[]{others}
         )"
    ))
}

fn insert(rows: u32) -> String {
    let (prompt, model) = (stock::PROMPT, models::DEFAULT);
    format!(
        "insert into floor_inserts (prompt, model, options, status, turn)
         select '{prompt}', '{model}', '{{}}', 'pending', n from generate_series(1, {rows}) as n;"
    )
}

#[cfg(test)]
mod tests {
    use darkroom_testing::TestDatabase;
    use sqlx::AssertSqlSafe;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn the_statements_of_a_worker_claim_and_complete_jobs_by_themselves() {
        let database = TestDatabase::empty().await;
        let pool = database.connect(1);
        setup(&pool).await.unwrap();
        stock::fill(&pool, 1, 3).await.unwrap();
        let worker = "'00000000-0000-4000-8000-000000000000'::uuid";

        let (jobs, leases): (Vec<Uuid>, Vec<i64>) =
            sqlx::query_as(AssertSqlSafe(claiming(worker))).fetch_one(&pool).await.unwrap();
        assert_eq!((jobs.len(), leases.len()), (3, 3));
        let complete = completing(&pool, worker, ["$1", "$2"]).await.unwrap();
        let completed: i64 = sqlx::query_scalar(AssertSqlSafe(complete))
            .bind(jobs)
            .bind(leases)
            .fetch_one(&pool)
            .await
            .unwrap();

        assert_eq!(completed, 3);
    }
}
