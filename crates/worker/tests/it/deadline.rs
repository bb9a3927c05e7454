//! Deadlines: a job whose time is up fails, and its request is stopped.

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    queue::{self, SUSPECT},
};
use darkroom_testing::eventually;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::house::House;

const SLOW: Duration = Duration::from_mins(10);

/// The job's deadline passed longer ago than a worker waits for anything.
const LONG_OVER: &str = "deadline_at = now() - interval '1 hour'";

/// A house whose edits take no time, and whose workers come back to a job in a second.
async fn quick_house() -> House {
    let mut house = House::open(Duration::from_millis(50)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    house
}

/// Faults by which neither checks nor the stream tell that a request has ended.
fn silence() -> [Value; 2] {
    ["status", "stream"].map(|at| json!({"at": at, "status": 503, "shape": "nginx"}))
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_cancelled_and_its_job_fails() {
    let house = House::open(SLOW).await;
    let id = house.job_within(Duration::from_secs(20)).await;
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
    let house = quick_house().await;
    house.set_faults(json!({"faults": silence()})).await;
    let id = house.job_within(Duration::from_secs(20)).await;
    let worker = house.worker();

    house.once(id, Status::Completed).await;

    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_result_that_was_there_in_time_is_kept_though_its_request_cannot_be_cancelled() {
    let house = quick_house().await;
    // As while the account is locked.
    let locked = json!({"at": "cancel", "status": 403, "shape": "plain"});
    let faults: Vec<_> = silence().into_iter().chain([locked]).collect();
    house.set_faults(json!({"faults": faults})).await;
    let id = house.job_within(Duration::from_secs(20)).await;
    let worker = house.worker();

    house.once(id, Status::Completed).await;

    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn a_late_result_waits_for_its_turn_in_isolation() {
    let house = quick_house().await;
    house.set_faults(json!({"faults": silence()})).await;
    let late = house.job_within(SLOW).await;
    let first = house.worker();
    house.once(late, Status::Processing).await;
    first.kill().await;
    house.set_faults(json!({})).await;
    let other = house.job().await;
    set(&house, other, &format!("rescues = {SUSPECT}")).await;
    let held = house.database.hold("lock table images in access exclusive mode").await;
    let second = house.worker();
    house.is_held_up("the other one is in isolation, and reads its picture").await;

    let suspect = format!("rescues = {SUSPECT}, leased_by = null, {LONG_OVER}");
    set(&house, late, &suspect).await;
    house.rests("the late job was claimed, and has to wait").await;
    assert_eq!(house.submissions().await[0]["result_fetches"], 0);
    held.release().await;

    house.once(other, Status::Completed).await;
    house.once(late, Status::Completed).await;
    second.stop().await;
}

#[tokio::test]
async fn a_late_result_that_the_database_does_not_take_is_given_up() {
    let house = quick_house().await;
    let refuse = "create function refuse() returns trigger language plpgsql as $$
                  begin raise 'Not this one' using errcode = 'check_violation'; end $$;
                  create trigger refuse before insert on images for each row
                  when (new.role = 'result') execute function refuse()";
    let id = house.job_within(SLOW).await;
    sqlx::raw_sql(refuse).execute(&house.database.pool).await.unwrap();
    let worker = house.worker();
    house.rests("the job was given back").await;

    set(&house, id, &format!("run_at = null, {LONG_OVER}")).await;

    let job = house.once(id, Status::Failed).await;
    assert_eq!(job.failure.unwrap().code, "deadline_exceeded");
    worker.stop().await;
}

/// Changes the job's place in the queue.
async fn set(house: &House, id: JobId, change: &str) {
    let update = format!("update queue set {change} where job_id = $1");
    let update = sqlx::query(AssertSqlSafe(update)).bind(id.0);
    update.execute(&house.database.pool).await.unwrap();
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
