//! Pruning deletes jobs that ended long ago, and nothing else.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    queue::{self, Timeline},
    store,
};
use darkroom_testing::TestDatabase;
use uuid::{NoContext, Timestamp, Uuid};

use crate::factory;

const MONTH: Duration = Duration::from_hours(30 * 24);

/// A job's id as it was made two months ago.
async fn old_id(pool: &Pool) -> Uuid {
    let then = factory::now(pool).await - MONTH * 2;
    let seconds = u64::try_from(then.unix_timestamp()).unwrap();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0))
}

#[tokio::test]
async fn old_jobs_go_with_their_images_and_attempts_and_young_or_unfinished_ones_stay() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let insert = "insert into jobs (id, prompt, model, status, finished_at)
                  values ($1, 'p', 'm', $2, case when $2 = 'completed' then now() - $3::interval end)";
    for (status, age, rows) in
        [("completed", "60 days", 250), ("completed", "1 day", 2), ("pending", "60 days", 3)]
    {
        for _ in 0..rows {
            sqlx::query(insert)
                .bind(old_id(pool).await)
                .bind(status)
                .bind(age)
                .execute(pool)
                .await
                .unwrap();
        }
    }
    let young = factory::claimed(pool).await;
    factory::begin(pool, &young.lease).await;
    let ended = queue::Ended::default();
    queue::complete(pool, &young.lease, ended, &Timeline::default()).await.unwrap();
    sqlx::query(
        "insert into images (id, job_id, role, position, media_type, width, height, sha256, data)
         select gen_random_uuid(), id, 'input', 0, 'image/png', 1, 1, sha256('a'), 'a' from jobs
         where prompt = 'p'",
    )
    .execute(pool)
    .await
    .unwrap();

    let mut batches = Vec::new();
    loop {
        let pruned = store::prune(pool, MONTH).await.unwrap();
        batches.push(pruned.rows);
        if !pruned.is_full {
            break;
        }
    }

    assert_eq!(batches, [100, 100, 50]);
    assert_eq!(factory::count(pool, "jobs").await, 6);
    assert_eq!(factory::count(pool, "images").await, 6);
    assert_eq!(factory::count(pool, "attempts").await, 1);
}

#[tokio::test]
async fn jobs_that_ended_lately_are_not_read_however_long_ago_they_were_made() {
    let database = TestDatabase::create().await;
    // One connection, because reads are counted for each.
    let pool = database.connect(1);
    sqlx::query(
        "insert into jobs (id, prompt, model, status, finished_at)
         select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'p', 'm', 'completed',
             now() - case when n % 300 = 0 then interval '60 days' else interval '1 day' end
         from generate_series(1, 3000) as n",
    )
    .execute(&pool)
    .await
    .unwrap();
    let indexes = ["jobs_finished", "jobs_pkey"];
    let whole = factory::whole_reads_of(&pool, &["jobs"]).await;
    let before = factory::read_of(&pool, &indexes).await;

    let mut pruned = 0;
    // More than the five executions that PostgreSQL makes custom plans for.
    for _ in 0..12 {
        pruned += store::prune(&pool, MONTH).await.unwrap().rows;
    }

    assert_eq!(pruned, 10);
    let read = factory::read_of(&pool, &indexes).await - before;
    assert!(read < 500, "to delete ten read {read}");
    assert_eq!(factory::whole_reads_of(&pool, &["jobs"]).await, whole);
}
