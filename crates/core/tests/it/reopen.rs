//! Reopening: a failed job is tried again.

use std::time::Duration;

use darkroom_core::{
    api_key::Token,
    db::Pool,
    job::{Failure, NewJob, Status},
    queue::{self, Claimed, FailedJobs, FailureClass, Timeline},
    store::{self, Deletion},
};
use darkroom_testing::{TestDatabase, eventually};

use crate::factory;

async fn fail(pool: &Pool, job: &Claimed, code: &str) {
    let failure = Failure { code: code.into(), message: "A test.".into() };
    let timeline = &Timeline::default();
    queue::fail(pool, &job.lease, &failure, FailureClass::Never, timeline).await.unwrap();
}

#[tokio::test]
async fn a_reopened_job_is_pending_with_its_attempts_counted_anew() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    factory::begin(pool, &job.lease).await;
    fail(pool, &job, "unlucky").await;

    let reopened = queue::reopen(pool, &[job.lease.job], None).await.unwrap();

    assert_eq!(reopened, [job.lease.job]);
    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Pending);
    assert!(shown.failure.is_none());
    let again = queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.remove(0);
    assert_eq!(queue::attempts_made(pool, &again.lease).await.unwrap(), 0);
    assert_eq!(factory::begin(pool, &again.lease).await, 2);
    assert_eq!(queue::attempts_made(pool, &again.lease).await.unwrap(), 1);
    assert!(queue::reopen(pool, &[job.lease.job], None).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_reopens_a_job_sees_it_as_it_was_then_however_quick_a_worker_is() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    fail(pool, &job, "unlucky").await;
    let failed = store::find(pool, job.lease.job).await.unwrap().unwrap();
    // The quickest possible worker takes the job in the commit itself.
    sqlx::raw_sql(
        "create function take_at_once() returns trigger language plpgsql as $$
         begin
             update jobs set status = 'processing' where id = new.job_id;
             return null;
         end
         $$;
         create constraint trigger quick after insert on queue deferrable initially deferred
             for each row execute function take_at_once()",
    )
    .execute(&mut pool.acquire().await.unwrap())
    .await
    .unwrap();

    let reopened = queue::reopen_one(pool, &failed, None).await.unwrap().unwrap();

    assert_eq!(reopened.unwrap().status, Status::Pending);
    let shown = store::find(pool, job.lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Processing);
    assert!(queue::reopen_one(pool, &shown, None).await.unwrap().unwrap().is_none());
}

/// Reopening has locked the job and waits for its key; a deletion that found no row in the queue waits for the job.
#[tokio::test]
async fn a_job_that_is_deleted_while_it_is_reopened_leaves_nothing_in_the_queue() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let token = Token::generate().unwrap();
    let key = store::create_api_key(pool, "a test", &token, false).await.unwrap();
    let new = NewJob { api_key: Some(key), ..factory::new_job() };
    let id = store::create(pool, &new).await.unwrap().id;
    let worker = factory::worker(pool).await;
    let job = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0);
    fail(pool, &job, "unlucky").await;
    let failed = store::find(pool, id).await.unwrap().unwrap();
    let held = database.hold("select id from api_keys for update").await;
    let reopening = tokio::spawn({
        let pool = pool.clone();
        async move { queue::reopen_one(&pool, &failed, None).await.unwrap().unwrap() }
    });
    let blocked = async |many| (database.blocked().await == many).then_some(());
    eventually("reopening waits for the key", async || blocked(1).await).await;
    let deleting = tokio::spawn({
        let pool = pool.clone();
        async move { store::delete(&pool, id).await.unwrap() }
    });
    eventually("the deletion waits for it", async || blocked(2).await).await;

    held.release().await;

    assert!(reopening.await.unwrap().is_some());
    assert_eq!(deleting.await.unwrap(), Deletion::Deleted);
    assert_eq!(factory::count(pool, "jobs").await, 0);
    assert_eq!(factory::count(pool, "queue").await, 0);
}

#[tokio::test]
async fn a_lease_from_before_a_job_was_reopened_changes_nothing() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let job = factory::claimed(pool).await;
    fail(pool, &job, "unlucky").await;
    queue::reopen(pool, &[job.lease.job], None).await.unwrap();
    let again = queue::claim(pool, job.lease.worker, 1).await.unwrap().jobs.remove(0);

    assert_ne!(again.lease.number, job.lease.number);
    let stale = queue::snooze(pool, &job.lease, Duration::ZERO).await;
    assert!(matches!(stale, Err(queue::Error::LeaseLost)));
}

#[tokio::test]
async fn failed_jobs_are_found_by_why_when_and_with_which_model_they_failed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let (unlucky, other) = (factory::claimed(pool).await, factory::claimed(pool).await);
    fail(pool, &unlucky, "unlucky").await;
    fail(pool, &other, "other").await;
    factory::job(pool).await;
    let found = async |wanted: FailedJobs| queue::failed_jobs(pool, &wanted, 10).await.unwrap();
    let now = factory::now(pool).await;

    let all = [unlucky.lease.job, other.lease.job];
    assert_eq!(found(FailedJobs::default()).await, all);
    let code = Some("unlucky".into());
    assert_eq!(found(FailedJobs { code, ..FailedJobs::default() }).await, all[..1]);
    let model = Some("another".into());
    assert!(found(FailedJobs { model, ..FailedJobs::default() }).await.is_empty());
    let since = Some(now + Duration::from_hours(1));
    assert!(found(FailedJobs { since, ..FailedJobs::default() }).await.is_empty());
    let until = Some(now - Duration::from_hours(1));
    assert!(found(FailedJobs { until, ..FailedJobs::default() }).await.is_empty());
    assert_eq!(queue::failed_jobs(pool, &FailedJobs::default(), 1).await.unwrap().len(), 1);
}
