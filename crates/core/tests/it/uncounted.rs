//! PostgreSQL never counted the queue's rows, and guesses that few of them match, fewer than are asked for: then it holds it for
//! cheap to read all that match, and to sort them.

use darkroom_core::{
    db::{self, Pool},
    job::{Failure, JobId},
    queue,
};
use darkroom_testing::TestDatabase;

use crate::{emptied::entries_read, factory};

/// Jobs that wait.
const WAITING: i32 = 20_000;

/// A long line, and one connection, which keeps plans, and tells what it read.
async fn long_line() -> (TestDatabase, Pool) {
    let database = TestDatabase::create().await;
    let pool = db::connect(&database.url, 1).unwrap();
    // Nobody is to look.
    sqlx::query("alter table queue set (autovacuum_enabled = false)").execute(&pool).await.unwrap();
    factory::line(&pool, WAITING).await;
    (database, pool)
}

#[tokio::test]
async fn a_large_claim_reads_what_it_takes() {
    let (_database, pool) = long_line().await;
    let worker = factory::worker(&pool).await;

    let entries = entries_read(&pool, async || {
        assert_eq!(queue::claim(&pool, worker, 500).await.unwrap().jobs.len(), 500);
    })
    .await;

    assert!(entries <= 5_000, "to claim 500 jobs read {entries} entries");
}

#[tokio::test]
async fn what_comes_into_line_again_is_read_and_the_rest_that_is_due_is_not() {
    let (_database, pool) = long_line().await;
    let rested = "
        with made as (
            insert into jobs (id, prompt, model)
            select gen_random_uuid(), 'a test', 'a model' from generate_series(1, $1) returning id
        ) insert into queue (job_id, model, run_at) select id, 'a model', now() from made";
    sqlx::query(rested).bind(WAITING).execute(&pool).await.unwrap();

    let entries = entries_read(&pool, async || {
        assert!(queue::ripen(&pool).await.unwrap(), "no more are due");
    })
    .await;

    assert!(entries <= 20_000, "to make 1,000 jobs due read {entries} entries");
}

#[tokio::test]
async fn what_is_overdue_is_read_as_far_as_it_is_failed() {
    let (_database, pool) = long_line().await;
    let late = "update queue set deadline_at = now()";
    sqlx::query(late).execute(&pool).await.unwrap();
    let failure = Failure { code: "deadline_exceeded".to_owned(), message: "late".to_owned() };

    let entries = entries_read(&pool, async || {
        assert_eq!(queue::fail_overdue(&pool, &failure).await.unwrap().len(), 500);
    })
    .await;

    assert!(entries <= 5_000, "to fail 500 jobs read {entries} entries");
}

#[tokio::test]
async fn those_ahead_of_a_job_are_counted_as_far_as_that_is_told() {
    let (_database, pool) = long_line().await;
    let last = "select job_id from queue order by turn desc, job_id desc limit 1";
    let last = JobId(sqlx::query_scalar(last).fetch_one(&pool).await.unwrap());

    let entries = entries_read(&pool, async || {
        let whereabouts = queue::whereabouts(&pool, last).await.unwrap().unwrap();
        assert_eq!(whereabouts.ahead, Some(10_000));
    })
    .await;

    assert!(entries <= 11_000, "to count 10,000 jobs read {entries} entries");
}
