//! Submissions whose answer was lost: looked for before anything else is done, and counted when
//! they cannot be found.

mod over;

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    queue::{self, Noticed, Submission},
};
use darkroom_testing::eventually;
use serde_json::json;

use crate::house::House;

const QUICK: Duration = Duration::from_millis(20);

/// Leaves the job as a worker does that dies after writing an attempt down and before recording fal's answer.
async fn lose_answer(house: &House, id: JobId) {
    sqlx::query(
        "with attempt as (
             insert into attempts (job_id, number, worker_id, input_url)
             values ($1, 1, gen_random_uuid(), 'http://fal.test/input')
         )
         update queue set has_attempt = true where job_id = $1",
    )
    .bind(id.0)
    .execute(&house.database.pool)
    .await
    .unwrap();
}

/// What a rescue by another worker does.
async fn take_jobs_away(house: &House) {
    for statement in ["delete from workers", "update queue set leased_by = null"] {
        sqlx::query(statement).execute(&house.database.pool).await.unwrap();
    }
}

/// Makes the provider's queue fail, and nothing else of it.
async fn take_queue_away(house: &House) {
    let away = ["submit", "status", "stream"];
    let away = away.map(|at| json!({"at": at, "status": 503, "shape": "nginx"}));
    house.set_faults(json!({"faults": away})).await;
}

async fn ended(house: &House, id: JobId) -> Status {
    eventually("the job has ended", async || {
        house.skip_waiting().await;
        let status = house.find(id).await.status;
        (!matches!(status, Status::Pending | Status::Processing)).then_some(status)
    })
    .await
}

#[tokio::test]
async fn one_that_arrived_is_found_and_not_bought_again() {
    let house = House::open(QUICK).await;
    house.set_faults(json!({"faults": [{"at": "submit", "reset": "after", "next": 1}]})).await;
    let id = house.job().await;
    let worker = house.worker();

    assert_eq!(ended(&house, id).await, Status::Completed);

    assert_eq!(house.submissions().await.len(), 1);
    assert_eq!(house.attempts().await, ["completed"]);
    assert_eq!(queue::unknown_attempts(&house.database.pool).await.unwrap(), 0);
    worker.stop().await;
}

#[tokio::test]
async fn one_that_is_not_found_is_waited_for_before_another_is_made() {
    let house = House::open(QUICK).await;
    let id = house.job().await;
    lose_answer(&house, id).await;
    let worker = house.worker();

    house.rests("it was looked for").await;

    assert_eq!(house.find(id).await.status, Status::Pending);
    assert!(house.submissions().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn one_that_is_never_found_is_counted_and_made_anew() {
    let mut house = House::open(QUICK).await;
    house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
    let id = house.job().await;
    lose_answer(&house, id).await;
    let worker = house.worker();

    assert_eq!(ended(&house, id).await, Status::Completed);

    assert_eq!(house.attempts().await, ["unknown", "completed"]);
    assert_eq!(queue::unknown_attempts(&house.database.pool).await.unwrap(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn one_that_is_never_found_fails_its_job_where_that_is_the_policy() {
    let mut house = House::open(QUICK).await;
    house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
    house.set("UNKNOWN_SUBMISSION", "fail");
    let id = house.job().await;
    lose_answer(&house, id).await;
    let worker = house.worker();

    assert_eq!(ended(&house, id).await, Status::Failed);

    assert_eq!(house.find(id).await.failure.unwrap().code, "submission_unknown");
    assert!(house.submissions().await.is_empty());
    assert_eq!(house.attempts().await, ["unknown"]);
    worker.stop().await;
}

#[tokio::test]
async fn one_that_cannot_be_looked_for_is_not_given_up() {
    let mut house = House::open(QUICK).await;
    house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
    house.set_faults(json!({"faults": [{"at": "history", "status": 503, "shape": "nginx"}]})).await;
    let id = house.job().await;
    lose_answer(&house, id).await;
    let worker = house.worker();

    house.struck(0).await;
    worker.stop().await;

    assert!(house.submissions().await.is_empty());
    assert_eq!(house.attempts().await, ["open"]);
}

#[tokio::test]
async fn another_attempt_waits_until_the_providers_queue_answers() {
    let mut house = House::open(QUICK).await;
    house.set("UNKNOWN_SUBMISSION_SECONDS", "0");
    take_queue_away(&house).await;
    let id = house.job().await;
    let worker = house.worker();
    eventually("the queue was asked whether it answers", async || {
        house.skip_waiting().await;
        (house.strikes(1).await >= 3).then_some(())
    })
    .await;
    assert_eq!(house.attempts().await, ["open"]);

    house.set_faults(json!({})).await;

    assert_eq!(ended(&house, id).await, Status::Completed);
    assert_eq!(house.attempts().await, ["unknown", "completed"]);
    worker.stop().await;
}

#[tokio::test]
async fn one_that_the_provider_tells_of_while_it_is_looked_for_does_not_wait_for_the_next_search() {
    let house = House::open(Duration::from_millis(300)).await;
    // It is submitted, its answer is lost, and looking for it takes so long that the notice comes first.
    let faults = json!([
        {"at": "submit", "reset": "after", "next": 1},
        {"at": "history", "latency": {"fixed": 10.0}, "status": 503, "shape": "nginx"},
    ]);
    house.set_faults(json!({"faults": faults})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.struck(1).await;
    let request_id = house.submissions().await[0]["request_id"].as_str().unwrap().to_owned();
    let url = house.sim.base_url().join("fal-ai/bytedance/requests/").unwrap();
    let told = Submission {
        status_url: url.join(&format!("{request_id}/status")).unwrap(),
        response_url: url.join(&request_id).unwrap(),
        cancel_url: url.join(&format!("{request_id}/cancel")).unwrap(),
        provider_request_id: request_id,
    };
    let noticed = queue::record_notice(&house.database.pool, id, 1, &told).await.unwrap();
    assert_eq!(noticed, Noticed::Open);

    // The next search would be a minute later.
    house.once(id, Status::Completed).await;

    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn those_that_wait_for_a_list_that_hangs_keep_no_other_job_waiting() {
    let mut house = House::open(QUICK).await;
    house.set("WORKER_CONCURRENCY", "3");
    house.set_faults(json!({"faults": [{"at": "history", "latency": {"fixed": 600}}]})).await;
    for _ in 0..3 {
        let id = house.job().await;
        lose_answer(&house, id).await;
    }
    let worker = house.worker();
    house.struck(0).await;

    let fresh = house.job().await;

    // Before the worker gives the list up, after a minute.
    house.once(fresh, Status::Completed).await;
    worker.stop().await;
}

#[tokio::test]
async fn one_whose_record_was_lost_with_a_primary_does_not_keep_its_job_from_ending() {
    let house = House::open(QUICK).await;
    let late = json!({"at": "submit", "latency": {"fixed": 10.0}, "next": 1});
    house.set_faults(json!({"faults": [late]})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.struck(0).await;

    // What a replica has that the claim had reached, but not the attempt.
    for statement in ["delete from attempts", "update queue set has_attempt = false"] {
        sqlx::query(statement).execute(&house.database.pool).await.unwrap();
    }

    assert_eq!(ended(&house, id).await, Status::Completed);
    assert_eq!(house.submissions().await.len(), 2);
    assert_eq!(house.attempts().await, ["completed"]);
    worker.stop().await;
}

#[tokio::test]
async fn an_answer_that_comes_when_the_worker_has_lost_its_job_is_passed_on() {
    let house = House::open(Duration::from_millis(300)).await;
    let late = json!({"at": "submit", "latency": {"fixed": 10.0}, "next": 1});
    house.set_faults(json!({"faults": [late]})).await;
    let id = house.job().await;
    let first = house.worker();
    house.struck(0).await;

    // While the answer is on its way.
    take_jobs_away(&house).await;

    assert_eq!(ended(&house, id).await, Status::Completed);
    assert_eq!(house.submissions().await.len(), 1);
    assert_eq!(house.attempts().await, ["completed"]);
    first.stop().await;
}

#[tokio::test]
async fn one_that_is_refused_when_the_worker_has_lost_its_job_is_not_looked_for() {
    let house = House::open(QUICK).await;
    let refused = json!({"at": "submit", "latency": {"fixed": 10.0}, "status": 429, "next": 1});
    house.set_faults(json!({"faults": [refused]})).await;
    let id = house.job().await;
    let worker = house.worker();
    house.struck(0).await;

    // While the answer is on its way.
    take_jobs_away(&house).await;

    assert_eq!(ended(&house, id).await, Status::Completed);
    assert_eq!(house.attempts().await, ["completed"]);
    worker.stop().await;
}
