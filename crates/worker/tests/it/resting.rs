//! Jobs that rest until some moment, while more jobs stand in line than the workers can claim.

use std::time::{Duration, Instant};

use darkroom_core::job::Status;
use darkroom_testing::eventually;

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

#[tokio::test]
async fn a_job_that_has_rested_comes_into_line_though_the_worker_is_woken_all_the_time() {
    let house = House::open(Duration::from_millis(20)).await;
    let resting = house.job().await;
    sqlx::query("update queue set run_at = now()").execute(pool(&house)).await.unwrap();
    let waking = tokio::spawn({
        let pool = pool(&house).clone();
        async move {
            // More often than a worker that is idle looks for jobs that have rested.
            loop {
                sqlx::query("notify darkroom_queue").execute(&pool).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    });

    let worker = house.worker();

    house.once(resting, Status::Completed).await;
    waking.abort();
    worker.stop().await;
}

/// Lets no job come into line, and counts how often one should.
async fn refuse_ripening(house: &House) {
    let refuse = "
        create sequence refusals;
        create function refuse() returns trigger language plpgsql as $$
        begin
            perform nextval('refusals');
            raise 'a test refuses it';
        end $$;
        create trigger refuse before update of run_at on queue for each row
        when (old.leased_by is null and old.run_at is not null and new.run_at is null)
        execute function refuse()";
    sqlx::raw_sql(refuse).execute(pool(house)).await.unwrap();
}

#[tokio::test]
async fn a_wake_is_heard_after_a_job_that_has_rested_could_not_come_into_line() {
    let mut house = House::open(Duration::from_millis(20)).await;
    house.set("WORKER_CLAIM_INTERVAL_SECONDS", "20");
    house.job().await;
    sqlx::query("update queue set run_at = now()").execute(pool(&house)).await.unwrap();
    refuse_ripening(&house).await;
    let worker = house.worker();

    // A worker that is deaf for a second after each refusal takes most of it each time. The fastest round counts, so that
    // a slow machine is not taken for a deaf worker.
    let (mut refusals, mut fastest) = (0_i64, Duration::MAX);
    for _ in 0..8 {
        refusals = eventually("the job is refused again", async || {
            let counted = "select last_value from refusals where is_called and last_value > $1";
            sqlx::query_scalar(counted).bind(refusals).fetch_optional(pool(&house)).await.unwrap()
        })
        .await;
        let id = house.job().await;
        let woken = Instant::now();
        sqlx::query("notify darkroom_queue").execute(pool(&house)).await.unwrap();
        eventually("it is claimed", async || {
            let waits = "select from queue where job_id = $1 and lease_no = 0";
            let waits = sqlx::query(waits).bind(id.0).fetch_optional(pool(&house));
            waits.await.unwrap().is_none().then_some(())
        })
        .await;
        fastest = fastest.min(woken.elapsed());
    }

    assert!(fastest < Duration::from_millis(700), "the worker was deaf for {fastest:?}");
    worker.stop().await;
}

fn pool(house: &House) -> &darkroom_core::db::Pool {
    &house.database.pool
}
