//! A result that is refused with a status which elsewhere is about the account, or about too many calls. fal hands the
//! status of a model on, so it may be what the request came to.
//!
//! It takes the minute in which such an answer is not believed, so all cases share it.

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    queue,
};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

const QUICK: Duration = Duration::from_millis(20);

/// How often the result is asked for before the answer is believed.
const TRIES: u64 = 8;

/// Waits from one try to the next, until all have been made.
async fn doubted(tries: impl AsyncFn() -> u64) {
    for number in 1..=TRIES {
        let made = async || (tries().await >= number).then_some(());
        eventually(&format!("the result is asked for {number} times"), made).await;
    }
}

/// How often the result of the first request was asked for.
async fn fetches(house: &House) -> u64 {
    house.submissions().await[0]["result_fetches"].as_u64().unwrap()
}

async fn first_request_has_ended(house: &House) {
    eventually("the request has ended", async || {
        (house.submissions().await.first()?["status"] == "COMPLETED").then_some(())
    })
    .await;
}

#[tokio::test]
async fn it_is_believed_after_a_minute_and_stops_no_other_job() {
    tokio::join!(
        a_busy_model_costs_another_attempt(),
        a_refusal_like_an_accounts_fails_the_job_and_halts_nobody(),
        the_result_waits_while_the_account_is_not_accepted(),
        the_result_waits_while_other_calls_are_too_many_as_well(),
    );
}

async fn a_busy_model_costs_another_attempt() {
    let house = House::open(QUICK).await;
    let busy = json!({"at": "run", "status": 429, "shape": "plain", "next": 1});
    house.set_faults(json!({"faults": [busy]})).await;
    let id = house.job().await;
    let worker = house.worker();
    first_request_has_ended(&house).await;

    doubted(async || fetches(&house).await).await;

    completed_in_the_end(&house, id).await;
    assert_eq!(house.attempts().await, ["failed", "completed"]);
    worker.stop().await;
}

async fn a_refusal_like_an_accounts_fails_the_job_and_halts_nobody() {
    let house = House::open(QUICK).await;
    let refused = json!({"at": "run", "status": 401, "shape": "plain", "next": 1});
    house.set_faults(json!({"faults": [refused]})).await;
    let id = house.job().await;
    let worker = house.worker();
    first_request_has_ended(&house).await;

    let other = house.job().await;
    house.once(other, Status::Completed).await;
    doubted(async || fetches(&house).await).await;

    let job = house.once(id, Status::Failed).await;
    assert_eq!(job.failure.unwrap().code, "provider_refused");
    assert_eq!(queue::halted(&house.database.pool).await.unwrap(), None);
    assert_eq!(worker.scrape().value("darkroom_halts_total", &[]), Some(0.0));
    assert_eq!(house.submissions().await.len(), 2);
    worker.stop().await;
}

async fn the_result_waits_while_other_calls_are_too_many_as_well() {
    let house = House::open(QUICK).await;
    let busy = |at| json!({"at": at, "status": 429, "shape": "plain"});
    // Its stream tells that it has ended.
    let all = ["result", "status"].map(busy);
    house.set_faults(json!({"faults": all})).await;
    let id = house.job().await;
    let worker = house.worker();
    first_request_has_ended(&house).await;

    doubted(async || house.strikes(0).await).await;
    house.rests("the result is left alone for now").await;
    assert_eq!(house.attempts().await, ["open"]);

    house.set_faults(json!({})).await;
    completed_in_the_end(&house, id).await;
    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

/// Waits until the job is completed, however long it is to rest.
async fn completed_in_the_end(house: &House, id: JobId) {
    eventually("the job is completed", async || {
        house.skip_waiting().await;
        (house.find(id).await.status == Status::Completed).then_some(())
    })
    .await;
}

async fn the_result_waits_while_the_account_is_not_accepted() {
    let mut house = House::open(QUICK).await;
    house.set("HALT_PROBE_SECONDS", "1");
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let refused = |at| json!({"at": at, "status": 401, "shape": "plain"});
    house.set_faults(json!({"faults": [refused("result")]})).await;
    let id = house.job().await;
    let worker = house.worker();
    first_request_has_ended(&house).await;
    let locked = ["result", "initiate"].map(refused);
    house.set_faults(json!({"faults": locked})).await;

    doubted(async || house.strikes(0).await).await;
    eventually("submissions are halted", async || {
        queue::halted(&house.database.pool).await.unwrap()
    })
    .await;
    assert_eq!(house.attempts().await, ["open"]);

    house.set_faults(json!({})).await;
    completed_in_the_end(&house, id).await;
    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}
