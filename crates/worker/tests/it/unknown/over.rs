//! Submissions whose answer was lost, of jobs that are over: their callers cancelled them, or their time is up.

use std::time::Duration;

use darkroom_core::{job::Status, queue};
use darkroom_testing::eventually;
use serde_json::json;

use super::{QUICK, ended, lose_answer, take_queue_away};
use crate::house::House;

#[tokio::test]
async fn one_whose_jobs_time_is_up_ends_though_the_providers_queue_is_away() {
    let mut house = House::open(QUICK).await;
    house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
    take_queue_away(&house).await;
    let id = house.job_within(Duration::ZERO).await;
    lose_answer(&house, id).await;
    let worker = house.worker();

    assert_eq!(ended(&house, id).await, Status::Failed);

    assert_eq!(house.find(id).await.failure.unwrap().code, "deadline_exceeded");
    assert_eq!(house.attempts().await, ["unknown"]);
    worker.stop().await;
}

#[tokio::test]
async fn one_whose_job_is_cancelled_ends_whatever_the_policy_though_the_providers_queue_is_away() {
    for policy in ["resubmit", "fail"] {
        let mut house = House::open(QUICK).await;
        house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
        house.set("UNKNOWN_SUBMISSION", policy);
        take_queue_away(&house).await;
        let id = house.job().await;
        lose_answer(&house, id).await;
        queue::cancel(&house.database.pool, id).await.unwrap();
        let worker = house.worker();

        assert_eq!(ended(&house, id).await, Status::Cancelled, "{policy}");

        assert_eq!(house.attempts().await, ["unknown"]);
        worker.stop().await;
    }
}

/// Waits until the job rests after a search of its request, whose attempt is not given up yet.
async fn rests(house: &House) {
    eventually("it was looked for in vain and rests", async || {
        let rests = "select leased_by is null and has_attempt and run_at > now() from queue";
        let rests = sqlx::query_scalar::<_, Option<bool>>(rests);
        rests.fetch_optional(&house.database.pool).await.unwrap().flatten().filter(|rests| *rests)
    })
    .await;
}

#[tokio::test]
async fn one_whose_job_is_cancelled_is_looked_for_no_longer_than_a_minute_though_that_fails() {
    let failing = json!({"faults": [{"at": "history", "status": 503, "shape": "nginx"}]});
    for faults in [failing, json!({})] {
        let house = House::open(QUICK).await;
        house.set_faults(faults).await;
        let id = house.job().await;
        lose_answer(&house, id).await;
        // It was missed for long before.
        for statement in [
            "update attempts set missed_at = now() - interval '5 minutes'",
            "update queue set cancel_requested_at = now()",
        ] {
            sqlx::query(statement).execute(&house.database.pool).await.unwrap();
        }
        let worker = house.worker();
        rests(&house).await;

        let pass = "update queue set cancel_requested_at = now() - interval '1 minute'";
        sqlx::query(pass).execute(&house.database.pool).await.unwrap();

        assert_eq!(ended(&house, id).await, Status::Cancelled);
        assert_eq!(house.attempts().await, ["unknown"]);
        assert!(house.submissions().await.is_empty());
        worker.stop().await;
    }
}

#[tokio::test]
async fn one_whose_job_is_cancelled_is_kept_if_it_is_found_within_a_minute() {
    let house = House::open(QUICK).await;
    // Its answer is lost, and searches fail.
    let faults = json!([
        {"at": "submit", "reset": "after", "next": 1},
        {"at": "history", "status": 503, "shape": "nginx"},
    ]);
    house.set_faults(json!({"faults": faults})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.struck(1).await;
    queue::cancel(&house.database.pool, id).await.unwrap();
    let searches = house.strikes(1).await;
    eventually("it is looked for again", async || {
        house.skip_waiting().await;
        (house.strikes(1).await > searches).then_some(())
    })
    .await;

    house.set_faults(json!({})).await;

    // It has ended, so it is paid for.
    assert_eq!(ended(&house, id).await, Status::Completed);
    assert_eq!(house.attempts().await, ["completed"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_cancellation_during_a_search_does_not_wait_for_the_next_one() {
    let house = House::open(QUICK).await;
    let slow = json!({"at": "history", "latency": {"fixed": 10}, "status": 503, "shape": "nginx"});
    house.set_faults(json!({"faults": [slow]})).await;
    let id = house.job().await;
    lose_answer(&house, id).await;
    let worker = house.worker();
    house.struck(0).await;

    queue::cancel(&house.database.pool, id).await.unwrap();

    // Else it would be looked for again after more than a minute.
    eventually("it is looked for again", async || (house.strikes(0).await > 1).then_some(())).await;
    worker.stop().await;
}
