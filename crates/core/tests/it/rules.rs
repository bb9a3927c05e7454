//! Limits and pauses: no more jobs are in flight than they allow, and no other job waits because of them.

use std::time::Duration;

use darkroom_core::{
    api_key::ApiKeyId,
    db::Pool,
    job::{Failure, JobId, NewJob},
    models,
    queue::{self, Begun, Claims, Scope, Timeline, WorkerId},
    store,
};
use darkroom_testing::TestDatabase;
use uuid::Uuid;

use crate::factory;

const OTHER_MODEL: &str = "fal-ai/bytedance/seedream/v4.5/edit";

async fn job_for(pool: &Pool, model: &str, key: Option<ApiKeyId>) -> JobId {
    let new = NewJob { model: model.into(), api_key: key, ..factory::new_job() };
    store::create(pool, &new).await.unwrap().id
}

async fn claim(pool: &Pool, worker: WorkerId, limit: usize) -> Claims {
    queue::claim_under_rules(pool, worker, limit, None).await.unwrap()
}

fn jobs(claims: &Claims) -> Vec<JobId> {
    claims.jobs.iter().map(|job| job.lease.job).collect()
}

#[tokio::test]
async fn a_limit_of_a_model_holds_and_lets_other_models_pass() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let model = Scope::Model(models::DEFAULT.into());
    queue::limit(pool, &model, Some(2)).await.unwrap();
    for _ in 0..50 {
        factory::job(pool).await;
    }
    let other = job_for(pool, OTHER_MODEL, None).await;

    let claims = claim(pool, worker, 10).await;

    assert!(claims.has_rules);
    assert_eq!(claims.jobs.len(), 3);
    assert!(jobs(&claims).contains(&other));
    assert!(claim(pool, worker, 10).await.jobs.is_empty());
    // Raised while the limit is reached: two more jobs fit.
    queue::limit(pool, &model, Some(4)).await.unwrap();
    assert_eq!(claim(pool, worker, 10).await.jobs.len(), 2);
    queue::limit(pool, &model, None).await.unwrap();
    assert_eq!(claim(pool, worker, 10).await.jobs.len(), 10);
    assert!(queue::rules(pool).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_limit_of_a_key_holds_across_models_and_lets_other_keys_pass() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let (limited, free) = (ApiKeyId(Uuid::new_v4()), ApiKeyId(Uuid::new_v4()));
    queue::limit(pool, &Scope::ApiKey(limited), Some(1)).await.unwrap();
    for _ in 0..5 {
        job_for(pool, models::DEFAULT, Some(limited)).await;
        job_for(pool, OTHER_MODEL, Some(limited)).await;
        job_for(pool, models::DEFAULT, Some(free)).await;
    }

    let claimed = claim(pool, worker, 20).await.jobs.len();

    assert_eq!(claimed, 6);
    assert!(claim(pool, worker, 20).await.jobs.is_empty());
}

#[tokio::test]
async fn the_limit_of_everything_is_the_setting_unless_a_rule_says_otherwise() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    for _ in 0..10 {
        factory::job(pool).await;
    }
    let claim = async |most| queue::claim_under_rules(pool, worker, 20, most).await.unwrap();

    assert_eq!(claim(Some(3)).await.jobs.len(), 3);
    assert!(claim(Some(3)).await.jobs.is_empty());
    queue::limit(pool, &Scope::Everything, Some(5)).await.unwrap();
    assert_eq!(claim(Some(3)).await.jobs.len(), 2);
    queue::limit(pool, &Scope::Everything, None).await.unwrap();
    assert_eq!(claim(None).await.jobs.len(), 5);
}

#[tokio::test]
async fn many_claimers_at_once_never_exceed_a_limit() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    queue::limit(pool, &Scope::Everything, Some(1)).await.unwrap();
    for _ in 0..30 {
        factory::job(pool).await;
    }

    let claimers = (0..6).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let worker = factory::worker(&pool).await;
            let mut done = 0;
            while factory::count(&pool, "queue").await > 0 {
                for claimed in claim(&pool, worker, 4).await.jobs {
                    let flying = "select count(*) from queue where leased_by is not null";
                    let flying: i64 = sqlx::query_scalar(flying).fetch_one(&pool).await.unwrap();
                    assert_eq!(flying, 1);
                    let ended = queue::Ended::default();
                    let timeline = &Timeline::default();
                    queue::complete(&pool, &claimed.lease, ended, timeline).await.unwrap();
                    done += 1;
                }
            }
            done
        })
    });
    let claimers: Vec<_> = claimers.collect();
    let mut done = 0;
    for claimer in claimers {
        done += claimer.await.unwrap();
    }

    assert_eq!(done, 30);
}

#[tokio::test]
async fn a_request_that_nobody_follows_keeps_its_place_under_a_limit() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    queue::limit(pool, &Scope::Everything, Some(1)).await.unwrap();
    let first = factory::job(pool).await.id;
    factory::job(pool).await;
    let (dead, other) = (factory::worker(pool).await, factory::worker(pool).await);
    let claimed = claim(pool, dead, 1).await.jobs.remove(0);
    factory::begin(pool, &claimed.lease).await;
    factory::stop_beating(pool, dead).await;
    queue::rescue(pool, Duration::from_mins(1)).await.unwrap();

    // Another worker may claim this job, and no other.
    let resumed = claim(pool, other, 5).await;

    assert_eq!(jobs(&resumed), [first]);
    assert!(claim(pool, other, 5).await.jobs.is_empty());
    let soon = Duration::from_mins(1);
    queue::snooze(pool, &resumed.jobs[0].lease, soon).await.unwrap();
    assert!(claim(pool, other, 5).await.jobs.is_empty());
}

#[tokio::test]
async fn a_job_that_is_put_back_without_a_request_makes_room_for_another() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    queue::limit(pool, &Scope::Everything, Some(1)).await.unwrap();
    factory::job(pool).await;
    let second = factory::job(pool).await.id;
    let first = claim(pool, worker, 1).await.jobs.remove(0);
    factory::begin(pool, &first.lease).await;

    let failure = Failure { code: "test".into(), message: "A test.".into() };
    let timeline = &Timeline::default();
    queue::retry(pool, &first.lease, &failure, Duration::from_mins(1), timeline).await.unwrap();

    assert_eq!(jobs(&claim(pool, worker, 5).await), [second]);
}

#[tokio::test]
async fn a_paused_model_submits_nothing_new_and_goes_on_when_it_is_resumed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let claimed = factory::claimed(pool).await;
    factory::job(pool).await;
    let other = job_for(pool, OTHER_MODEL, None).await;
    let model = Scope::Model(models::DEFAULT.into());

    queue::pause(pool, &model).await.unwrap();
    queue::pause(pool, &model).await.unwrap();

    assert!(queue::claim(pool, worker, 5).await.unwrap().jobs.is_empty());
    assert_eq!(jobs(&claim(pool, worker, 5).await), [other]);
    // A job that was claimed before the pause is not submitted either.
    let url = factory::input_url();
    let timeline = &Timeline::default();
    let begun = queue::begin_attempt(pool, &claimed.lease, &url, timeline).await.unwrap();
    assert_eq!(begun, Begun::Halted);
    queue::snooze(pool, &claimed.lease, Duration::ZERO).await.unwrap();
    assert!(queue::resume(pool, &model).await.unwrap());
    assert!(!queue::resume(pool, &model).await.unwrap());
    assert_eq!(queue::claim(pool, worker, 5).await.unwrap().jobs.len(), 2);
}

#[tokio::test]
async fn nothing_more_is_submitted_for_a_key_that_is_paused_and_other_keys_pass() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let (leaked, other) = (ApiKeyId(Uuid::new_v4()), ApiKeyId(Uuid::new_v4()));
    job_for(pool, models::DEFAULT, Some(leaked)).await;
    let passes = job_for(pool, models::DEFAULT, Some(other)).await;

    queue::pause(pool, &Scope::ApiKey(leaked)).await.unwrap();

    assert_eq!(jobs(&claim(pool, worker, 5).await), [passes]);
}

#[tokio::test]
async fn a_pause_keeps_the_limit_and_lets_running_requests_be_carried_on() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let claimed = factory::claimed(pool).await;
    factory::begin(pool, &claimed.lease).await;
    factory::job(pool).await;
    queue::limit(pool, &Scope::Everything, Some(5)).await.unwrap();
    queue::pause(pool, &Scope::Everything).await.unwrap();
    queue::release(pool, claimed.lease.worker).await.unwrap();
    let worker = factory::worker(pool).await;

    assert_eq!(jobs(&claim(pool, worker, 5).await), [claimed.lease.job]);

    queue::resume(pool, &Scope::Everything).await.unwrap();
    assert_eq!(queue::rules(pool).await.unwrap()[0].max_in_flight, Some(5));
    assert_eq!(claim(pool, worker, 5).await.jobs.len(), 1);
}

#[tokio::test]
async fn a_full_lane_is_not_read_however_many_wait_in_it() {
    let database = TestDatabase::create().await;
    // One connection, which reports what it has read.
    let pool = &database.connect(1);
    let worker = factory::worker(pool).await;
    let full = ApiKeyId(Uuid::new_v4());
    queue::limit(pool, &Scope::ApiKey(full), Some(0)).await.unwrap();
    let waiting = format!(
        "insert into queue (job_id, model, api_key_id, turn)
         select gen_random_uuid(), 'm', '{}'::uuid, n from generate_series(1, 20000) as n",
        full.0
    );
    database.prepare(&[&waiting, "analyze queue"]).await;
    let free = factory::job(pool).await.id;
    let before = factory::rows_of(pool, &["queue"]).await;

    let claims = claim(pool, worker, 5).await;

    assert_eq!(jobs(&claims), [free]);
    let rows = factory::rows_of(pool, &["queue"]).await - before;
    assert!(rows < 100, "{rows} rows were read");
}
