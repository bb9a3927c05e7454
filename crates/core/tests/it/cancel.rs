//! Cancel: a job that nobody works on ends at once; otherwise the cancellation is kept in its row.

use std::time::Duration;

use darkroom_core::{
    job::{Failure, JobId, Status},
    queue::{self, Begun, Cancellation, FailureClass, Timeline},
    store::{self, Deletion},
};
use darkroom_testing::{TestDatabase, eventually};

use crate::factory;

#[tokio::test]
async fn a_job_that_waits_ends_at_once_and_asking_again_says_so() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::job(pool).await;

    assert_eq!(queue::cancel(pool, job.id).await.unwrap(), Cancellation::Cancelled);

    let again = queue::cancel(pool, job.id).await.unwrap();
    assert_eq!(again, Cancellation::TooLate(Status::Cancelled));
    assert_eq!(store::find(pool, job.id).await.unwrap().unwrap().status, Status::Cancelled);
    assert_eq!(factory::count(pool, "queue").await, 0);
}

#[tokio::test]
async fn a_job_that_waits_for_a_second_attempt_ends_at_once() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let number = factory::begin(pool, &job.lease).await;
    queue::record_submission(pool, &job.lease, number, &factory::submission()).await.unwrap();
    let failure = Failure { code: "test".into(), message: "A test.".into() };
    queue::retry(pool, &job.lease, &failure, Duration::from_hours(1), &Timeline::default())
        .await
        .unwrap();

    let cancelled = queue::cancel(pool, job.lease.job).await.unwrap();

    assert_eq!(cancelled, Cancellation::Cancelled);
}

#[tokio::test]
async fn a_job_whose_request_may_run_is_due_for_whoever_will_stop_it() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;
    queue::snooze(pool, &job.lease, Duration::from_hours(1)).await.unwrap();

    let asked = queue::cancel(pool, job.lease.job).await.unwrap();

    assert_eq!(asked, Cancellation::Requested);
    let claimed = queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.remove(0);
    assert!(claimed.is_cancelled);
}

#[tokio::test]
async fn the_worker_that_has_the_job_is_told_at_each_beat_and_submits_it_no_more() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let (id, worker) = (job.lease.job, job.lease.worker);
    let told = async || {
        queue::beat(pool, worker, Duration::from_mins(1)).await.unwrap().unwrap().cancelled
    };
    assert!(told().await.is_empty());

    assert_eq!(queue::cancel(pool, id).await.unwrap(), Cancellation::Requested);

    assert_eq!(told().await, [id]);
    assert_eq!(told().await, [id]);
    let begun = queue::begin_attempt(pool, &job.lease, &factory::input_url(), &Timeline::default())
        .await
        .unwrap();
    assert_eq!(begun, Begun::Cancelled);
    queue::end_cancelled(pool, &job.lease, &Timeline::default()).await.unwrap();
    assert_eq!(store::find(pool, id).await.unwrap().unwrap().status, Status::Cancelled);
    assert!(told().await.is_empty());
}

#[tokio::test]
async fn a_cancellation_that_a_worker_did_not_come_to_ends_the_job_though_nothing_is_claimed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let cancelled_wait = async || {
        let beat = queue::beat(pool, worker, Duration::from_mins(1)).await.unwrap();
        beat.unwrap().cancelled_jobs_wait
    };
    let job = factory::claimed(pool).await;
    assert_eq!(queue::cancel(pool, job.lease.job).await.unwrap(), Cancellation::Requested);
    queue::halt(pool, "provider_balance", Duration::from_mins(1)).await.unwrap();
    assert!(!cancelled_wait().await);
    queue::snooze(pool, &job.lease, Duration::ZERO).await.unwrap();
    assert!(queue::claim(pool, worker, 1).await.unwrap().jobs.is_empty());

    assert!(cancelled_wait().await);
    assert_eq!(queue::cancel_waiting(pool).await.unwrap(), [job.lease.job]);

    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Cancelled);
    assert!(!cancelled_wait().await);
}

#[tokio::test]
async fn a_cancelled_job_that_waits_is_not_failed_though_its_deadline_passes() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    assert_eq!(queue::cancel(pool, job.lease.job).await.unwrap(), Cancellation::Requested);
    queue::snooze(pool, &job.lease, Duration::ZERO).await.unwrap();
    sqlx::query("update queue set deadline_at = now()").execute(pool).await.unwrap();
    let failure = Failure { code: "test".into(), message: "A test.".into() };

    assert!(queue::fail_overdue(pool, &failure).await.unwrap().is_empty());

    assert_eq!(queue::cancel_waiting(pool).await.unwrap(), [job.lease.job]);
    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Cancelled);
}

#[tokio::test]
async fn a_deleted_job_that_waits_for_another_attempt_goes() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;
    assert_eq!(store::delete(pool, job.lease.job).await.unwrap(), Deletion::Stopping);
    let failure = Failure { code: "test".into(), message: "A test.".into() };
    queue::retry(pool, &job.lease, &failure, Duration::from_hours(1), &Timeline::default())
        .await
        .unwrap();

    queue::cancel_waiting(pool).await.unwrap();

    assert_eq!(factory::count(pool, "jobs").await, 0);
    assert_eq!(factory::count(pool, "queue").await, 0);
}

#[tokio::test]
async fn a_job_that_has_ended_or_is_not_there_is_told_apart() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    queue::complete(pool, &job.lease, queue::Ended::default(), &Timeline::default()).await.unwrap();

    let late = queue::cancel(pool, job.lease.job).await.unwrap();

    assert_eq!(late, Cancellation::TooLate(Status::Completed));
    assert_eq!(queue::cancel(pool, JobId::generate()).await.unwrap(), Cancellation::NoJob);
}

/// The cancellation has found no place in the queue, and waits for the job, which is reopened meanwhile.
#[tokio::test]
async fn a_job_that_comes_back_into_the_queue_meanwhile_is_cancelled_there() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    let id = job.lease.job;
    let failure = Failure { code: "test".into(), message: "A test.".into() };
    queue::fail(pool, &job.lease, &failure, FailureClass::Never, &Timeline::default())
        .await
        .unwrap();
    let mut reopening = pool.acquire().await.unwrap();
    sqlx::raw_sql(
        "begin;
         lock table jobs in access exclusive mode;
         update jobs set status = 'pending', failure_code = null, failure_message = null,
             finished_at = null;
         insert into queue (job_id, model) select id, model from jobs",
    )
    .execute(&mut reopening)
    .await
    .unwrap();
    let cancelling = tokio::spawn({
        let pool = pool.clone();
        async move { queue::cancel(&pool, id).await.unwrap() }
    });
    eventually("it waits for the job", async || (database.blocked().await > 0).then_some(())).await;

    sqlx::raw_sql("commit").execute(&mut reopening).await.unwrap();

    assert_eq!(cancelling.await.unwrap(), Cancellation::Cancelled);
    assert_eq!(store::find(pool, id).await.unwrap().unwrap().status, Status::Cancelled);
}

#[tokio::test]
async fn a_cancellation_beside_a_claim_is_kept_by_one_of_them() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    for _ in 0..20 {
        let job = factory::job(pool).await;

        let (cancelled, claimed) =
            tokio::join!(queue::cancel(pool, job.id), queue::claim(pool, worker, 1));

        let claimed = claimed.unwrap();
        match cancelled.unwrap() {
            Cancellation::Cancelled => assert!(claimed.jobs.is_empty()),
            Cancellation::Requested => {
                let told = queue::beat(pool, worker, Duration::from_mins(1)).await.unwrap();
                assert_eq!(told.unwrap().cancelled, [job.id]);
                queue::end_cancelled(pool, &claimed.jobs[0].lease, &Timeline::default())
                    .await
                    .unwrap();
            }
            other => unreachable!("{other:?}"),
        }
    }
}
