//! The database's disk is full, so it can read and refuses to write. What was paid for waits until it can be
//! stored.

use std::time::Duration;

use darkroom_core::job::Status;
use darkroom_testing::eventually;
use sqlx::AssertSqlSafe;

use crate::house::{House, Working};

/// Long enough that the disk is full before it ends.
const SLOW: Duration = Duration::from_secs(1);

/// From now on, the writes that fire `trigger` are refused, as PostgreSQL refuses them on a full disk
/// (source: PostgreSQL, appendix A: `disk_full` is 53100).
async fn fill_disk(house: &House, trigger: &str) {
    let statements = format!(
        "create function refuse() returns trigger language plpgsql as $$
         begin raise 'No space left on device' using errcode = 'disk_full'; end $$;
         create trigger full_disk before {trigger} execute function refuse()"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&house.database.pool).await.unwrap();
}

async fn make_room(house: &House) {
    let statement = "drop function refuse cascade";
    sqlx::query(statement).execute(&house.database.pool).await.unwrap();
}

/// Makes room, and asserts that the job is completed then, with one submission.
async fn goes_on(house: House, worker: Working) {
    make_room(&house).await;
    let id = sqlx::query_scalar("select id from jobs").fetch_one(&house.database.pool).await;
    let id = darkroom_core::job::JobId(id.unwrap());
    eventually("the job is completed", async || {
        house.skip_waiting().await;
        (house.find(id).await.status == Status::Completed).then_some(())
    })
    .await;
    assert_eq!(house.submissions().await.len(), 1);
    assert_eq!(house.attempts().await, ["completed"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_result_that_cannot_be_kept_is_fetched_again_and_not_bought_again() {
    let mut house = House::open(SLOW).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    house.job().await;
    fill_disk(&house, "insert on images for each row when (new.role = 'result')").await;
    let worker = house.worker();

    house.rests("the job was given back").await;

    assert_eq!(house.attempts().await, ["open"]);
    goes_on(house, worker).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_recorded_is_kept_in_memory_until_it_can() {
    let mut house = House::open(SLOW).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "1");
    let id = house.job().await;
    fill_disk(&house, "update of provider_request_id on attempts for each row").await;
    let worker = house.worker();

    eventually("the request has ended", async || {
        let submissions = house.submissions().await;
        (submissions.first()?["status"] == "COMPLETED").then_some(())
    })
    .await;

    assert_eq!(house.find(id).await.status, Status::Pending);
    goes_on(house, worker).await;
}
