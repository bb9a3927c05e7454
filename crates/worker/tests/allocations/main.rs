//! How many allocations a worker makes for each job: each further one would cost every job. They are counted, not
//! timed, so that the number is the same on each machine.
//!
//! This is a program of its own, because all that the process allocates is counted. A debug build made 13 allocations a
//! job; more are allowed, because the number of jobs that are claimed and completed together varies.

use std::collections::HashMap;

use darkroom_core::{
    config::Config,
    fal,
    job::NewJob,
    models::{self, Models},
    store,
};
use darkroom_testing::{TestDatabase, eventually};
use darkroom_worker::Worker;
use dhat::{HeapStats, Profiler};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const JOBS: u64 = 1_000;

/// The most allocations for each job, from its claim to its end, without the edit; a worker's start is included.
const OF_A_JOB: u64 = 20;

#[tokio::test]
async fn a_job_whose_edit_takes_no_time_allocates_no_more_than_it_did() {
    let database = TestDatabase::create().await;
    let new = NewJob {
        prompt: "make it rain".into(),
        model: models::DEFAULT.into(),
        ..NewJob::default()
    };
    for _ in 0..JOBS {
        store::create(&database.pool, &new).await.unwrap();
    }
    let variables = HashMap::from([("WORKER_CONCURRENCY".to_owned(), "500".to_owned())]);
    let config = Config::from_variables(variables).unwrap();
    let client = fal::Client::new(&config.fal).unwrap();
    let models = Models::load(&config.jobs).unwrap();
    let (told, _edits) = mpsc::unbounded_channel();
    let worker = Worker::new(&config, database.pool.clone(), client, models).unwrap();
    let worker = worker.with_idle_edits(told);
    let completed = worker.completed();
    let stop = CancellationToken::new();

    let counting = Profiler::builder().testing().build();
    let working = tokio::spawn(darkroom_worker::run(worker, stop.clone()));
    eventually("all are completed", async || (completed() == JOBS).then_some(())).await;

    let each = HeapStats::get().total_blocks / JOBS;
    drop(counting);
    assert!(each <= OF_A_JOB, "{each} allocations with each job");
    stop.cancel();
    working.await.unwrap();
}
