//! Deadlines: a job whose time is up fails, and its request is stopped.

use std::time::Duration;

use darkroom_core::{job::Status, queue};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

const SLOW: Duration = Duration::from_mins(10);

#[tokio::test]
async fn a_request_that_takes_too_long_is_cancelled_and_its_job_fails() {
    let house = House::open(SLOW).await;
    let id = house.job_within(Duration::from_secs(5)).await;
    let worker = house.worker();

    let job = house.once(id, Status::Failed).await;

    assert_eq!(job.failure.unwrap().code, "deadline_exceeded");
    let ledger = house.submissions().await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0]["billed_units"], 0);
    eventually("the request is cancelled", async || {
        let ledger = house.submissions().await;
        (ledger[0]["status_code"] == 499).then_some(())
    })
    .await;
    worker.stop().await;
}

#[tokio::test]
async fn a_job_whose_time_is_up_before_it_starts_is_not_submitted() {
    let house = House::open(SLOW).await;
    let id = house.job_within(Duration::ZERO).await;
    let worker = house.worker();

    let job = house.once(id, Status::Failed).await;

    assert_eq!(job.failure.unwrap().code, "deadline_exceeded");
    assert!(house.submissions().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_job_whose_time_is_up_during_a_halt_fails_too() {
    let house = House::open(SLOW).await;
    queue::halt(&house.database.pool, "provider_balance", Duration::from_hours(1)).await.unwrap();
    let id = house.job_within(Duration::ZERO).await;
    let worker = house.worker();

    assert_eq!(house.once(id, Status::Failed).await.failure.unwrap().code, "deadline_exceeded");
    worker.stop().await;
}

#[tokio::test]
async fn a_result_that_was_there_in_time_is_kept() {
    let mut house = House::open(Duration::from_millis(50)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    // The request has ended, but neither checks nor the stream tell that.
    let silent = ["status", "stream"].map(|at| json!({"at": at, "status": 503, "shape": "nginx"}));
    house.set_faults(json!({"faults": silent})).await;
    let id = house.job_within(Duration::from_secs(5)).await;
    let worker = house.worker();

    house.once(id, Status::Completed).await;

    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_request_that_a_dead_worker_stopped_for_its_jobs_deadline_is_told_as_that() {
    let house = House::open(SLOW).await;
    let id = house.job_within(SLOW).await;
    let first = house.worker();
    house.once(id, Status::Processing).await;
    first.kill().await;
    house.stop_request().await;
    house.let_time_be_up().await;

    let second = house.worker();

    let job = house.once(id, Status::Failed).await;
    assert_eq!(job.failure.unwrap().code, "deadline_exceeded");
    second.stop().await;
}
