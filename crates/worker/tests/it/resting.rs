//! Jobs that rest until some moment, while more jobs stand in line than the workers can claim.

use std::time::Duration;

use darkroom_core::job::Status;

use crate::house::House;

#[tokio::test]
async fn a_job_that_has_rested_comes_into_line_before_the_others_have_left_it() {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_CONCURRENCY", "1");
    let resting = house.job().await;
    sqlx::query("update queue set run_at = now(), priority = 50")
        .execute(pool(&house))
        .await
        .unwrap();
    for _ in 0..30 {
        house.job().await;
    }

    let worker = house.worker();
    house.once(resting, Status::Completed).await;

    let waiting: i64 =
        sqlx::query_scalar("select count(*) from queue").fetch_one(pool(&house)).await.unwrap();
    assert!(waiting > 0, "it was the last one");
    worker.stop().await;
}

fn pool(house: &House) -> &darkroom_core::db::Pool {
    &house.database.pool
}
