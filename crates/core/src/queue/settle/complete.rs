//! Complete: settle jobs whose outputs are archived, many in one statement.

use std::collections::HashSet;

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    db::{self, Pool},
    queue::{Error, Lease, Timeline, fenced},
};

/// What is known of a request that ended well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// Seconds of inference, as fal reports them.
    pub inference_seconds: Option<f64>,
    /// What fal charged, in the model's units.
    pub billed_units: Option<f64>,
    /// What it cost, in millionths of a US dollar, where the model's price tells.
    pub cost_micros: Option<i64>,
    /// The seed that made the outputs, where the model tells it.
    pub seed: Option<i64>,
    /// How many outputs there are. Further ones, of an earlier attempt, are deleted; `None` deletes none.
    pub outputs: Option<i16>,
}

/// A job that is done; its outputs are archived.
#[derive(Clone, Debug)]
pub struct Completion {
    /// The right to complete it.
    pub lease: Lease,
    /// What is known of its request.
    pub ended: Ended,
    /// When things happened to it, as its worker saw them.
    pub timeline: Timeline,
}

/// Completes jobs in one statement: a commit costs the same for one as for hundreds.
///
/// Answers under which leases jobs were completed. The others are lost, and those jobs were left as they are.
///
/// The worker is compared in a way that no index serves. Otherwise, with statistics from a time when the worker held
/// little, the planner would take the index of leases, and a few jobs would cost as much as all that the worker holds.
/// Arrays in subqueries, and a limit that limits nothing, hide from the planner how many jobs there are: for a few
/// hundred it would read all of `queue`. `any(array[told.job_id])` makes it look up each job by its key: it cannot be
/// used as a join condition.
pub async fn complete_all(
    executor: impl PgExecutor<'_>,
    completions: &[Completion],
) -> Result<HashSet<Lease>, db::Error> {
    let column = |of: fn(&Ended) -> Option<f64>| -> Vec<Option<f64>> {
        completions.iter().map(|completion| of(&completion.ended)).collect()
    };
    let leases = completions.iter().map(|completion| completion.lease);
    let jobs: Vec<Uuid> = leases.clone().map(|lease| lease.job.0).collect();
    let workers: Vec<Uuid> = leases.clone().map(|lease| lease.worker.0).collect();
    let numbers: Vec<i64> = leases.map(|lease| lease.number).collect();
    let endings = completions.iter().map(|completion| completion.ended);
    let costs: Vec<Option<i64>> = endings.clone().map(|ended| ended.cost_micros).collect();
    let seeds: Vec<Option<i64>> = endings.clone().map(|ended| ended.seed).collect();
    let outputs: Vec<Option<i16>> = endings.map(|ended| ended.outputs).collect();
    let timelines = completions.iter().map(|completion| &completion.timeline);
    let running: Vec<Option<f64>> = timelines.clone().map(Timeline::running_ago).collect();
    let archived: Vec<Option<f64>> = timelines.map(Timeline::archived_ago).collect();
    let completed = sqlx::query!(
        r#"with told as (
               select * from unnest(
                   (select $1::uuid[]), (select $2::uuid[]), (select $3::bigint[]),
                   (select $4::float8[]), (select $5::float8[]), (select $6::bigint[]),
                   (select $7::bigint[]), (select $8::smallint[]), (select $9::float8[]),
                   (select $10::float8[])
               ) as told (
                   job_id, worker, lease_no, inference_seconds, billed_units, cost_micros, seed,
                   outputs, running_ago, archived_ago
               )
               limit (select cardinality($1::uuid[]))
           ), lease as (
               delete from queue using told
               where queue.job_id = any(array[told.job_id])
                   and leased_by is not distinct from told.worker
                   and queue.lease_no = told.lease_no
               returning told.*
           ), ended as (
               update attempts set ended_at = now(), outcome = 'completed',
                   inference_seconds = lease.inference_seconds,
                   billed_units = lease.billed_units, cost_micros = lease.cost_micros,
                   running_at = now() - make_interval(secs => lease.running_ago),
                   archived_at = now() - make_interval(secs => lease.archived_ago)
               from lease where attempts.job_id = lease.job_id and ended_at is null
           ), shown as (
               update jobs set status = 'completed', updated_at = now(), finished_at = now(),
                   seed = lease.seed
               from lease where jobs.id = lease.job_id
           ), surplus as (
               delete from images using lease
               where images.job_id = lease.job_id and role = 'result'
                   and position >= lease.outputs
           )
           select job_id as "job_id!", worker as "worker!", lease_no as "lease_no!" from lease"#,
        &jobs,
        &workers,
        &numbers,
        &column(|ended| ended.inference_seconds) as _,
        &column(|ended| ended.billed_units) as _,
        &costs as _,
        &seeds as _,
        &outputs as _,
        &running as _,
        &archived as _,
    )
    .fetch_all(executor)
    .await
    .map_err(db::Error::doing("completing jobs"))?;
    let leases =
        completed.into_iter().map(|row| Lease::stored(row.job_id, row.worker, row.lease_no));
    Ok(leases.collect())
}

/// Completes one job.
pub async fn complete(
    pool: &Pool,
    lease: &Lease,
    ended: Ended,
    timeline: &Timeline,
) -> Result<(), Error> {
    let completion = Completion { lease: *lease, ended, timeline: timeline.clone() };
    let completed = complete_all(pool, &[completion]).await?;
    fenced(completed.contains(lease))
}
