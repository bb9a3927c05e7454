//! Claims: each job is claimed once, in order, and no more than were asked for.

use std::{collections::HashSet, time::Duration};

use darkroom_core::queue::{self, WorkerId};
use darkroom_testing::TestDatabase;
use serde_json::json;
use uuid::Uuid;

use crate::factory;

#[tokio::test]
async fn options_of_a_newer_version_do_not_keep_other_jobs_from_being_claimed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let newer = [json!({"output_format": "avif"}), json!({"seed": 1, "background": "transparent"})];
    for options in &newer {
        sqlx::query("update jobs set options = $2 where id = $1")
            .bind(factory::job(pool).await.id.0)
            .bind(options)
            .execute(pool)
            .await
            .unwrap();
    }
    let usual = factory::job(pool).await;
    let worker = factory::worker(pool).await;

    let mut claimed = queue::claim(pool, worker, 10).await.unwrap().jobs;

    claimed.sort_by_key(|job| job.lease.job);
    let last = claimed.pop().unwrap();
    assert_eq!(last.lease.job, usual.id);
    assert!(last.options.is_some());
    for (job, options) in claimed.iter().zip(newer) {
        assert!(job.options.is_none());
        let shown = darkroom_core::store::find(pool, job.lease.job).await.unwrap().unwrap();
        assert_eq!(shown.options, options);
    }
}

#[tokio::test]
async fn a_claim_takes_the_longest_waiting_jobs_and_no_more_than_asked_for() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(factory::job(pool).await.id);
    }
    let worker = factory::worker(pool).await;

    let claimed = queue::claim(pool, worker, 3).await.unwrap().jobs;

    let mut ids: Vec<_> = claimed.iter().map(|job| job.lease.job).collect();
    ids.sort();
    assert_eq!(ids, jobs[..3]);
}

#[tokio::test]
async fn a_claim_reads_neither_the_whole_queue_nor_the_whole_record_of_jobs() {
    let database = TestDatabase::create().await;
    // One connection, because plans are kept and reads are counted for each.
    let pool = database.connect(1);
    factory::line(&database, 3_000).await;
    database.prepare(&["analyze queue, jobs"]).await;
    let worker = factory::worker(&pool).await;
    let before = factory::whole_reads_of(&pool, &["queue", "jobs"]).await;

    // More than the five executions that PostgreSQL makes custom plans for.
    for _ in 0..12 {
        assert_eq!(queue::claim(&pool, worker, 20).await.unwrap().jobs.len(), 20);
        let claims = queue::claim_under_rules(&pool, worker, 20, Some(10_000)).await.unwrap();
        assert_eq!(claims.jobs.len(), 20);
    }

    assert_eq!(factory::whole_reads_of(&pool, &["queue", "jobs"]).await, before);
}

#[tokio::test]
async fn plans_that_were_made_while_the_queue_was_empty_do_not_read_all_of_a_long_one() {
    let database = TestDatabase::create().await;
    // One connection, as above.
    let pool = database.connect(1);
    let worker = factory::worker(&pool).await;
    factory::line(&database, 5_000).await;
    database.prepare(&["delete from queue", "vacuum analyze queue"]).await;
    for _ in 0..12 {
        assert_eq!(queue::claim(&pool, worker, 20).await.unwrap().jobs.len(), 0);
        let job = factory::job(&pool).await.id;
        sqlx::query("delete from queue where job_id = $1")
            .bind(job.0)
            .execute(&pool)
            .await
            .unwrap();
    }
    factory::line(&database, 3_000).await;
    let before = factory::whole_reads_of(&pool, &["queue"]).await;

    assert_eq!(queue::claim(&pool, worker, 20).await.unwrap().jobs.len(), 20);
    factory::job(&pool).await;

    assert_eq!(factory::whole_reads_of(&pool, &["queue"]).await, before);
}

#[tokio::test]
async fn many_claimers_at_once_claim_each_job_once() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    for _ in 0..60 {
        factory::job(pool).await;
    }

    let claimers = (0..6).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let worker = factory::worker(&pool).await;
            let mut mine = Vec::new();
            loop {
                let batch = queue::claim(&pool, worker, 4).await.unwrap().jobs;
                if batch.is_empty() {
                    return mine;
                }
                mine.extend(batch.into_iter().map(|job| job.lease.job));
            }
        })
    });
    let claimers: Vec<_> = claimers.collect();
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.unwrap());
    }

    assert_eq!(all.len(), 60);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 60);
}

#[tokio::test]
async fn a_snoozed_job_is_not_claimed_before_its_time() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;

    queue::snooze(pool, &job.lease, Duration::from_mins(1)).await.unwrap();

    assert!(queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.is_empty());
    let waits = queue::claim(pool, job.lease.worker, 1).await.unwrap().next_ripe.unwrap();
    assert!(waits > Duration::from_secs(30) && waits <= Duration::from_mins(1));
    queue::ripen(pool).await.unwrap();
    assert!(queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.is_empty());
    sqlx::query("update queue set run_at = now()").execute(pool).await.unwrap();
    assert_eq!(
        queue::claim(pool, job.lease.worker, 1).await.unwrap().next_ripe,
        Some(Duration::ZERO)
    );
    queue::ripen(pool).await.unwrap();
    assert_eq!(queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
async fn a_worker_that_is_not_registered_claims_nothing() {
    let database = TestDatabase::create().await;
    factory::job(&database.pool).await;

    let stranger = WorkerId(Uuid::new_v4());

    assert!(queue::claim(&database.pool, stranger, 1).await.unwrap().jobs.is_empty());
}

#[tokio::test]
async fn each_claim_of_a_job_has_another_lease_number() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let first = factory::claimed(pool).await;
    queue::snooze(pool, &first.lease, Duration::ZERO).await.unwrap();

    let second = queue::claim(pool, first.lease.worker, 1).await.unwrap().jobs;

    assert_eq!(second[0].lease.worker, first.lease.worker);
    assert_ne!(second[0].lease.number, first.lease.number);
}

#[tokio::test]
async fn the_claim_reads_only_rows_in_line_through_their_index() {
    let database = TestDatabase::create().await;
    let rows = "
        insert into queue (job_id, leased_by, run_at)
        select gen_random_uuid(),
            case when n % 100 < 50 then gen_random_uuid() end,
            case when n % 100 > 50 then now() + interval '1 hour' end
        from generate_series(1, 20000) as n";
    database.prepare(&[rows, "analyze queue"]).await;

    let plan: Vec<String> = sqlx::query_scalar(
        "explain select job_id from queue where in_line
         order by priority desc, turn, job_id limit 10 for update skip locked",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();

    assert!(plan.iter().any(|line| line.contains("using queue_in_line")), "{plan:#?}");
    assert!(!plan.iter().any(|line| line.contains("Sort")), "{plan:#?}");
}
