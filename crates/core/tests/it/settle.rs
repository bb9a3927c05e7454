//! The ways in which a job is settled.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{Failure, FailureCode, Status},
    queue::{self, Claimed, Completion, FailureClass, Timeline},
    store,
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;

use crate::factory;

#[tokio::test]
async fn a_completed_job_has_its_results_in_order_and_leaves_the_queue() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    for (position, side) in [(1, 20), (0, 10)] {
        let output = factory::stored(factory::picture(side, side, ImageFormat::Png));
        queue::archive(pool, &job.lease, position, &output, None).await.unwrap();
    }

    queue::complete(pool, &job.lease, queue::Ended::default(), &Timeline::default()).await.unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Completed);
    let results: Vec<_> =
        shown.images.iter().filter(|image| image.is_result).map(|image| image.width).collect();
    assert_eq!(results, [10, 20]);
    assert_eq!(factory::count(pool, "queue").await, 0);
}

#[tokio::test]
async fn what_a_few_jobs_cost_is_not_what_their_worker_holds() {
    let database = TestDatabase::create().await;
    // One connection, because plans are kept and reads are counted for each.
    let pool = database.connect(1);
    factory::line(&database, 3_000).await;
    // PostgreSQL's statistics are from before the claim, when no job was leased.
    database.prepare(&["analyze queue"]).await;
    let worker = factory::worker(&pool).await;
    let held = queue::claim(&pool, worker, 3000).await.unwrap().jobs;
    let before = factory::read_of(&pool, &["queue_leased"]).await;

    // More than the five executions that PostgreSQL makes custom plans for.
    for few in held.chunks(20).take(12) {
        complete_all(&pool, few).await;
    }
    for job in held.iter().skip(1_000).take(12) {
        factory::begin(&pool, &job.lease).await;
    }
    for job in held.iter().skip(2_000).take(12) {
        queue::snooze(&pool, &job.lease, Duration::ZERO).await.unwrap();
    }

    assert_eq!(factory::read_of(&pool, &["queue_leased"]).await, before);
}

#[tokio::test]
async fn however_many_jobs_end_together_the_others_are_not_read() {
    let database = TestDatabase::create().await;
    // One connection, as above.
    let pool = database.connect(1);
    factory::line(&database, 20_000).await;
    let worker = factory::worker(&pool).await;
    let held = queue::claim(&pool, worker, 3_000).await.unwrap().jobs;
    database.prepare(&["analyze queue, jobs"]).await;
    let before = factory::whole_reads_of(&pool, &["queue", "jobs"]).await;

    for many in held.chunks(300) {
        complete_all(&pool, many).await;
    }

    assert_eq!(factory::whole_reads_of(&pool, &["queue", "jobs"]).await, before);
}

async fn complete_all(pool: &Pool, jobs: &[Claimed]) {
    let completions: Vec<Completion> = jobs
        .iter()
        .map(|job| Completion {
            lease: job.lease,
            ended: queue::Ended::default(),
            timeline: Timeline::default(),
        })
        .collect();
    let completed = queue::complete_all(pool, &completions).await.unwrap();
    assert_eq!(completed.len(), jobs.len());
}

#[tokio::test]
async fn beside_a_lost_lease_of_the_same_job_only_the_one_that_holds_is_told_so() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let lost = factory::claimed(pool).await;
    queue::snooze(pool, &lost.lease, Duration::ZERO).await.unwrap();
    let held = queue::claim(pool, lost.lease.worker, 1).await.unwrap().jobs.remove(0);
    let completions = [&lost, &held].map(|job| Completion {
        lease: job.lease,
        ended: queue::Ended::default(),
        timeline: Timeline::default(),
    });

    let completed = queue::complete_all(pool, &completions).await.unwrap();

    assert_eq!(completed, [held.lease].into());
}

#[tokio::test]
async fn outputs_of_an_earlier_attempt_are_not_among_the_results() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    for position in [0, 1, 2] {
        let output = factory::stored(factory::picture(8, 8, ImageFormat::Png));
        queue::archive(pool, &job.lease, position, &output, None).await.unwrap();
    }

    let ended = queue::Ended { outputs: Some(1), ..queue::Ended::default() };
    queue::complete(pool, &job.lease, ended, &Timeline::default()).await.unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.images.iter().filter(|image| image.is_result).count(), 1);
}

#[tokio::test]
async fn a_job_that_fails_with_an_unanswered_attempt_leaves_it_counted() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;

    queue::fail(
        pool,
        &job.lease,
        &Failure { code: "test".into(), message: "A test.".into() },
        FailureClass::Never,
        &Timeline::default(),
    )
    .await
    .unwrap();

    assert_eq!(queue::unknown_attempts(pool).await.unwrap(), 1);
}

#[tokio::test]
async fn an_output_that_is_archived_again_replaces_the_first() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;

    for side in [10, 20] {
        let output = factory::stored(factory::picture(side, side, ImageFormat::Png));
        queue::archive(pool, &job.lease, 0, &output, None).await.unwrap();
    }

    assert_eq!(factory::count(pool, "images where role = 'result'").await, 1);
}

#[tokio::test]
async fn a_failed_job_says_why_and_leaves_the_queue() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let failure = Failure::new(FailureCode::ContentPolicy, "Not allowed.");

    queue::fail(pool, &job.lease, &failure, FailureClass::Never, &Timeline::default())
        .await
        .unwrap();

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Failed);
    assert_eq!(shown.failure, Some(failure));
    assert_eq!(factory::count(pool, "queue").await, 0);
}

#[tokio::test]
async fn jobs_that_end_together_are_completed_in_one_statement_each_as_its_own() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    for _ in 0..3 {
        factory::job(pool).await;
    }
    let claimed = queue::claim(pool, worker, 3).await.unwrap().jobs;
    for job in &claimed {
        factory::begin(pool, &job.lease).await;
    }
    // Another worker has the second one by now.
    sqlx::query("update queue set lease_no = lease_no + 100 where job_id = $1")
        .bind(claimed[1].lease.job.0)
        .execute(pool)
        .await
        .unwrap();
    let completions: Vec<_> = (1..)
        .zip(&claimed)
        .map(|(seed, job)| Completion {
            lease: job.lease,
            ended: queue::Ended {
                seed: Some(seed),
                cost_micros: (seed == 1).then_some(7),
                ..queue::Ended::default()
            },
            timeline: job.timeline.clone(),
        })
        .collect();

    let completed = queue::complete_all(pool, &completions).await.unwrap();

    let expected = [claimed[0].lease, claimed[2].lease];
    assert_eq!(completed, expected.into());
    assert_eq!(factory::count(pool, "queue").await, 1);
    let seeds: Vec<Option<i64>> =
        sqlx::query_scalar("select seed from jobs order by id").fetch_all(pool).await.unwrap();
    let mut expected: Vec<_> = claimed.iter().map(|job| job.lease.job).collect();
    expected.sort();
    let place = |at: usize| expected.iter().position(|id| *id == claimed[at].lease.job).unwrap();
    assert_eq!((seeds[place(0)], seeds[place(1)], seeds[place(2)]), (Some(1), None, Some(3)));
    let costs: Vec<i64> =
        sqlx::query_scalar("select cost_micros from attempts where cost_micros is not null")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(costs, [7]);
}
