//! The front of the line: claims do not read what is behind it, and no job is left there.

mod gathering;

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{Failure, FailureCode, JobId, NewJob},
    queue::{self, Timeline, Waker, WorkerId},
    store::{Asked, IdempotencyKey, Intake},
};
use darkroom_testing::{TestDatabase, eventually};

use crate::factory;

/// The indexes that tell which jobs are first, and the primary key.
const LINE: [&str; 3] = ["queue_in_line", "queue_lanes", "queue_pkey"];

/// A job with this turn and priority.
async fn job_at(pool: &Pool, priority: i16, turn: i64) -> JobId {
    let job = factory::job(pool).await.id;
    sqlx::query("update queue set priority = $2, turn = $3 where job_id = $1")
        .bind(job.0)
        .bind(priority)
        .bind(turn)
        .execute(pool)
        .await
        .unwrap();
    job
}

/// Records that the line was claimed up to this turn, this many seconds ago.
async fn pass(pool: &Pool, priority: i16, turn: i64, seconds: f64) {
    sqlx::query(
        "insert into line_fronts (priority, turn, passed_at)
         values ($1, $2, now() - make_interval(secs => $3))",
    )
    .bind(priority)
    .bind(turn)
    .bind(seconds)
    .execute(pool)
    .await
    .unwrap();
}

async fn claim(pool: &Pool, worker: WorkerId, limit: usize) -> Vec<JobId> {
    let claims = queue::claim(pool, worker, limit).await.unwrap();
    claims.jobs.into_iter().map(|job| job.lease.job).collect()
}

async fn fronts(pool: &Pool) -> Vec<(i16, i64)> {
    sqlx::query_as("select priority, turn from line_fronts order by priority, turn")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn while_a_transaction_stays_open_a_claim_reads_little_of_what_was_claimed() {
    let database = TestDatabase::create().await;
    // One connection, because reads are counted for each.
    let pool = database.connect(1);
    let open = "set transaction isolation level repeatable read; select pg_current_xact_id()";
    let open = database.hold(open).await;
    let worker = factory::worker(&pool).await;
    factory::line(&database, 5_000).await;
    for _ in 0..4 {
        assert_eq!(claim(&pool, worker, 1_000).await.len(), 1_000);
    }

    let before = factory::read_of(&pool, &LINE).await;
    assert_eq!(claim(&pool, worker, 10).await.len(), 10);
    let claiming = factory::read_of(&pool, &LINE).await - before;
    factory::job(&pool).await;
    let enqueuing = factory::read_of(&pool, &LINE).await - before - claiming;

    assert!(claiming < 1_500, "a claim of 10 read {claiming}");
    assert!(enqueuing < 1_500, "to enqueue one read {enqueuing}");
    open.release().await;
}

#[tokio::test]
async fn beside_a_long_line_of_one_model_another_ones_jobs_are_enqueued_and_ripen_without_reading_it()
 {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    factory::line(&database, 3_000).await;
    // By its statistics, PostgreSQL knows only one model and one key.
    database.prepare(&["analyze queue"]).await;
    let first = factory::job(&pool).await.id;
    sqlx::query("update queue set turn = 1 where job_id = $1")
        .bind(first.0)
        .execute(&pool)
        .await
        .unwrap();
    let before = factory::read_of(&pool, &LINE).await;

    for _ in 0..12 {
        factory::job(&pool).await;
    }
    let enqueuing = factory::read_of(&pool, &LINE).await - before;
    sqlx::query("update queue set run_at = now() where turn < 1000 and turn > 1")
        .execute(&pool)
        .await
        .unwrap();
    let before = factory::read_of(&pool, &LINE).await;
    queue::ripen(&pool).await.unwrap();
    let ripening = factory::read_of(&pool, &LINE).await - before;

    assert!(enqueuing < 500, "to enqueue twelve read {enqueuing}");
    assert!(ripening < 1_000, "to make eleven due read {ripening}");
}

#[tokio::test]
async fn the_order_is_the_same_whatever_fronts_there_are() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let expected = [
        job_at(pool, 9, 50).await,
        job_at(pool, 7, 20).await,
        job_at(pool, 7, 21).await,
        job_at(pool, 3, 5).await,
        job_at(pool, 0, 30).await,
        job_at(pool, 0, 31).await,
        job_at(pool, -1, 1).await,
        job_at(pool, -100, 2).await,
    ];
    for (priority, turn) in [(7, 10), (7, 20), (0, 30), (5, 1)] {
        pass(pool, priority, turn, 0.0).await;
    }

    let mut claimed = Vec::new();
    while let [job] = claim(pool, worker, 1).await[..] {
        claimed.push(job);
    }

    assert_eq!(claimed, expected);
}

#[tokio::test]
async fn a_claim_of_a_thousand_moves_the_fronts_to_what_it_took_first() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    factory::line(&database, 1_010).await;
    job_at(pool, 5, 70).await;
    let first: i64 = sqlx::query_scalar("select min(turn) from queue where priority = 0")
        .fetch_one(pool)
        .await
        .unwrap();

    assert_eq!(claim(pool, worker, 1_000).await.len(), 1_000);

    assert_eq!(fronts(pool).await, [(0, first), (5, 70)]);
}

#[tokio::test]
async fn smaller_claims_move_the_front_now_and_then() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    factory::line(&database, 10_000).await;

    for _ in 0..10 {
        claim(pool, worker, 1).await;
    }
    assert!(fronts(pool).await.len() < 5, "each has a chance of one in a thousand");
    while fronts(pool).await.is_empty() {
        // One in two.
        assert_eq!(claim(pool, worker, 500).await.len(), 500, "none of twenty moved it");
    }
}

#[tokio::test]
async fn what_comes_back_comes_to_the_front_and_is_claimed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let claimed = factory::claimed(pool).await;
    let ahead = i64::MAX / 2;
    pass(pool, 0, ahead, 0.0).await;
    let failure = Failure::new(FailureCode::ProviderError, "It failed.");

    let after = Duration::ZERO;
    queue::retry(pool, &claimed.lease, &failure, after, &Timeline::default()).await.unwrap();
    let next = factory::job(pool).await.id;

    let worker = factory::worker(pool).await;
    assert_eq!(claim(pool, worker, 2).await, [claimed.lease.job, next]);
}

#[tokio::test]
async fn a_job_whose_making_had_to_wait_comes_in_at_the_front_of_that_moment() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    job_at(pool, 0, 10).await;
    let mut other = pool.acquire().await.unwrap();
    sqlx::raw_sql("begin").execute(&mut other).await.unwrap();
    sqlx::query(
        "insert into idempotency_keys (api_key_id, key, fingerprint, job_id)
         values ('00000000-0000-0000-0000-000000000000', 'a key', sha256(''), gen_random_uuid())",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let key = IdempotencyKey { key: "a key".into(), fingerprint: [1; 32] };
    let new = NewJob { idempotency_key: Some(key), ..factory::new_job() };
    let intake = Intake::new(pool.clone(), Waker::new(pool.clone()));
    let asked = tokio::spawn(async move { intake.ask(new).await });
    eventually("it waits for the key", async || (database.blocked().await > 0).then_some(())).await;

    pass(pool, 0, 1_000, 0.0).await;
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();

    let asked = asked.await.unwrap().unwrap();
    let Asked::Made(job) = asked else { panic!("{asked:?}") };
    let turn: i64 = sqlx::query_scalar("select turn from queue where job_id = $1")
        .bind(job.id.0)
        .fetch_one(pool)
        .await
        .unwrap();
    assert!(turn >= 1_000, "the front had passed it: {turn}");
}

/// As after the database's clock was set back, or a failover to a server whose clock is behind.
#[tokio::test]
async fn a_job_that_is_made_while_the_clock_is_behind_the_front_is_claimed() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let clock = "select (extract(epoch from now()) * 1e6)::bigint";
    let clock: i64 = sqlx::query_scalar(clock).fetch_one(pool).await.unwrap();
    pass(pool, 0, clock + 3_600_000_000, 0.0).await;

    let job = factory::job(pool).await.id;

    assert_eq!(claim(pool, worker, 1).await, [job]);
}

#[tokio::test]
async fn a_heartbeat_tells_of_a_front_that_was_moved_just_now_be_it_the_first() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let worker = factory::worker(pool).await;
    let beat = async || queue::beat(pool, worker, Duration::from_mins(1)).await.unwrap().unwrap();
    assert!(!beat().await.line_has_moved);

    pass(pool, 0, 10, 90.0).await;
    assert!(!beat().await.line_has_moved);
    pass(pool, 7, 10, 1.0).await;

    assert!(beat().await.line_has_moved);
}
