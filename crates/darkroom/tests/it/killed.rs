//! A worker that ends at some point of a job's life, by shutdown or kill: the next one goes on from what is
//! recorded, and the job is paid for once.

use std::time::Duration;

use darkroom_core::job::Status;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::stage::Stage;

const QUICK: Duration = Duration::from_millis(20);

/// Long enough to end a worker while it waits.
const SLOW: Duration = Duration::from_secs(10);

/// Ends a worker with this signal during the call that the fault slows down, or, without a fault, while it
/// waits for its request.
async fn end_and_carry_on(signal: &str, fault: Option<Value>) {
    let what = format!("{signal} at {fault:?}");
    let latency = if fault.is_none() { SLOW } else { QUICK };
    let stage = Stage::open(latency, fault.as_slice()).await;
    let id = stage.job().await;
    let first = stage.worker();
    match &fault {
        Some(_) => stage.struck().await,
        None => stage.once(id, Status::Processing).await,
    }

    first.signal(signal).await;
    let second = stage.worker();

    stage.once(id, Status::Completed).await;
    assert_eq!(stage.submissions().await, 1, "{what}");
    assert_eq!(stage.attempts().await, ["completed"], "{what}");
    assert!(second.signal("-TERM").await.success(), "{what}");
}

/// A fault that slows down each call of a job's life once, and none for the wait between.
fn points() -> Vec<Option<Value>> {
    let long = json!({"fixed": 60});
    vec![
        // Before the job is submitted.
        Some(json!({"at": "upload", "latency": long, "next": 1})),
        // fal has the submission, and its answer is on the way.
        Some(json!({"at": "submit", "bytes_per_second": 100, "next": 1})),
        // The job is submitted.
        None,
        // The request has ended, and none of its result has arrived.
        Some(json!({"at": "result", "latency": long, "next": 1})),
        // The output is being archived.
        Some(json!({"at": "download", "bytes_per_second": 10, "next": 1})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_at_any_point_has_its_job_carried_on_and_paid_once() {
    join_all(points().into_iter().map(|fault| end_and_carry_on("-KILL", fault))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_at_any_point_has_its_job_carried_on_and_paid_once() {
    join_all(points().into_iter().map(|fault| end_and_carry_on("-TERM", fault))).await;
}

#[tokio::test]
async fn a_worker_that_dies_between_the_archive_and_the_end_of_its_job_costs_nothing() {
    let stage = Stage::open(SLOW, &[]).await;
    let id = stage.job().await;
    let first = stage.worker();
    stage.once(id, Status::Processing).await;
    // An output can be archived, but the job cannot be changed.
    let lock = format!("select id from jobs where id = '{id}' for no key update");
    let held = stage.database.hold(&lock).await;
    let blocked = stage.blocked().await;
    assert_eq!(stage.count("select count(*) from images where role = 'result'").await, 1);

    first.signal("-KILL").await;
    // Else the killed worker's statement would still run once the lock is released.
    let end = sqlx::query("select pg_terminate_backend($1)").bind(blocked);
    end.execute(&stage.database.pool).await.unwrap();
    held.release().await;
    let second = stage.worker();

    stage.once(id, Status::Completed).await;
    assert_eq!(stage.submissions().await, 1);
    assert_eq!(stage.attempts().await, ["completed"]);
    assert_eq!(stage.count("select count(*) from images where role = 'result'").await, 1);
    assert!(second.signal("-TERM").await.success());
}

#[tokio::test]
async fn a_worker_that_was_paused_finds_its_job_done_by_another_and_goes_on() {
    let slow = json!({"at": "run", "latency": {"fixed": SLOW.as_secs()}, "next": 1});
    let stage = Stage::open(QUICK, &[slow]).await;
    let id = stage.job().await;
    let first = stage.worker();
    stage.once(id, Status::Processing).await;

    first.send("-STOP").await;
    let second = stage.worker();
    stage.once(id, Status::Completed).await;
    assert!(second.signal("-TERM").await.success());
    first.send("-CONT").await;

    // No other worker is left to do it.
    let next = stage.job().await;
    stage.once(next, Status::Completed).await;
    assert_eq!(stage.submissions().await, 2);
    assert_eq!(stage.attempts().await, ["completed", "completed"]);
    assert!(first.signal("-TERM").await.success());
}
