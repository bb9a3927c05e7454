//! Cancelled jobs for which there is another reason to end: they are cancelled, and do not fail.

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    queue::{self, Cancellation},
};
use darkroom_testing::eventually;
use serde_json::json;

use super::SLOW;
use crate::house::House;

async fn cancel(house: &House, id: JobId) {
    let asked = queue::cancel(&house.database.pool, id).await.unwrap();
    assert_eq!(asked, Cancellation::Requested);
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_its_picture_is_prepared_is_so_though_its_time_is_up_then() {
    let house = House::open(SLOW).await;
    house.set_faults(json!({"faults": [{"at": "upload", "latency": {"fixed": 60.0}}]})).await;
    let id = house.job_within(Duration::from_secs(20)).await;
    let worker = house.worker();
    house.struck(0).await;

    cancel(&house, id).await;

    house.once(id, Status::Cancelled).await;
    assert!(house.attempts().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_is_turned_away_for_good_is_cancelled() {
    let house = House::open(SLOW).await;
    let refused = json!({"at": "upload", "latency": {"fixed": 10.0}, "status": 413});
    house.set_faults(json!({"faults": [refused]})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.struck(0).await;

    cancel(&house, id).await;

    house.once(id, Status::Cancelled).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_cancelled_job_that_took_each_worker_down_is_cancelled() {
    let house = House::open(SLOW).await;
    let id = house.job().await;
    let first = house.worker();
    house.once(id, Status::Processing).await;
    first.kill().await;
    cancel(&house, id).await;
    let rescued = "update queue set rescues = 6, leased_by = null";
    sqlx::query(rescued).execute(&house.database.pool).await.unwrap();

    let second = house.worker();

    house.once(id, Status::Cancelled).await;
    assert_eq!(house.attempts().await, ["cancelled"]);
    eventually("the request is stopped", async || {
        (house.submissions().await[0]["status"] == "COMPLETED").then_some(())
    })
    .await;
    second.stop().await;
}
