//! Plans with the statistics of an empty queue, as it is most of the time. PostgreSQL then thinks that one index is as
//! good as another, and that it costs nothing to read the whole queue.

use std::time::Duration;

use darkroom_core::{
    api_key::ApiKeyId,
    db::Pool,
    job::{Failure, NewJob},
    queue::{self, Answered, Claimed, Completion, Search, Timeline},
    store,
};
use darkroom_testing::TestDatabase;
use uuid::Uuid;

use crate::factory;

/// Jobs that wait.
const WAITING: u32 = 20_000;

/// All indexes of the queue.
const INDEXES: [&str; 8] = [
    "queue_pkey",
    "queue_cancelled",
    "queue_in_line",
    "queue_lanes",
    "queue_leased",
    "queue_left",
    "queue_overdue",
    "queue_resting",
];

/// More than the five executions that PostgreSQL makes custom plans for.
const TIMES: usize = 12;

/// Jobs in one statement.
const BATCH: usize = 20;

/// How many index entries may be read for a batch: a few for each job, and nothing of the rest of the line.
const MOST_ENTRIES: i64 = 400;

/// A long line, which is empty according to PostgreSQL's statistics; and a pool of one connection, which keeps its
/// plans and reports what it read.
async fn long_line() -> (TestDatabase, Pool) {
    let (database, pool) = factory::uncounted_line(WAITING).await;
    database.prepare(&["delete from queue", "vacuum analyze queue"]).await;
    factory::line(&database, WAITING).await;
    (database, pool)
}

/// Does something often, and returns how many index entries that read each time. The queue must never be read whole.
pub(crate) async fn entries_read<T>(pool: &Pool, mut times: impl AsyncFnMut() -> T) -> i64 {
    let whole = factory::whole_reads_of(pool, &["queue"]).await;
    let before = factory::read_of(pool, &INDEXES).await;
    for _ in 0..TIMES {
        times().await;
    }
    assert_eq!(factory::whole_reads_of(pool, &["queue"]).await, whole, "the queue was read whole");
    (factory::read_of(pool, &INDEXES).await - before) / i64::try_from(TIMES).unwrap()
}

/// Changes rows, as another process would.
async fn change(pool: &Pool, statement: &'static str) {
    assert!(sqlx::query(statement).execute(pool).await.unwrap().rows_affected() > 0, "{statement}");
}

async fn claim(pool: &Pool, worker: queue::WorkerId) -> Vec<Claimed> {
    let claimed = queue::claim(pool, worker, BATCH).await.unwrap().jobs;
    assert_eq!(claimed.len(), BATCH);
    claimed
}

fn completion(job: &Claimed) -> Completion {
    Completion { lease: job.lease, ended: queue::Ended::default(), timeline: Timeline::default() }
}

#[tokio::test]
async fn a_claim_and_what_follows_it_read_the_jobs_that_they_are_about() {
    let (_database, pool) = long_line().await;
    let worker = factory::worker(&pool).await;
    let mut held = Vec::new();

    let claiming = entries_read(&pool, async || held.push(claim(&pool, worker).await)).await;
    let mut begun = held.clone().into_iter();
    let beginning = entries_read(&pool, async || {
        let jobs = begun.next().unwrap();
        for job in jobs {
            factory::begin(&pool, &job.lease).await;
        }
    })
    .await;
    let mut answered = held.clone().into_iter();
    let recording = entries_read(&pool, async || {
        let answered: Vec<_> = answered
            .next()
            .unwrap()
            .iter()
            .map(|job| Answered { lease: job.lease, number: 1, submission: factory::submission() })
            .collect();
        let recorded = queue::record_submissions(&pool, &answered).await.unwrap();
        assert_eq!(recorded.len(), BATCH);
    })
    .await;
    let mut ended = held.into_iter();
    let completing = entries_read(&pool, async || {
        let ended: Vec<_> = ended.next().unwrap().iter().map(completion).collect();
        assert_eq!(queue::complete_all(&pool, &ended).await.unwrap().len(), BATCH);
    })
    .await;

    for (what, entries) in [
        ("claiming", claiming),
        ("beginning", beginning),
        ("recording", recording),
        ("completing", completing),
    ] {
        assert!(entries <= MOST_ENTRIES, "{what} {BATCH} jobs read {entries} entries");
    }
}

#[tokio::test]
async fn what_comes_into_line_and_what_waits_there_is_found_without_the_rest() {
    let (_database, pool) = long_line().await;
    let key = ApiKeyId(Uuid::new_v4());
    let worker = factory::worker(&pool).await;
    let new = NewJob { api_key: Some(key), ..factory::new_job() };

    let enqueuing = entries_read(&pool, async || factory::job(&pool).await).await;
    let of_a_key = entries_read(&pool, async || store::create(&pool, &new).await.unwrap()).await;
    let job = factory::job(&pool).await.id;
    sqlx::query("update queue set run_at = now() where api_key_id = $1")
        .bind(key.0)
        .execute(&pool)
        .await
        .unwrap();
    let ripening = entries_read(&pool, async || queue::ripen(&pool).await.unwrap()).await;
    let failure = Failure { code: "deadline_exceeded".to_owned(), message: "late".to_owned() };
    change(
        &pool,
        "update queue set deadline_at = now() where job_id in (
             select job_id from queue where in_line order by turn desc limit 20
         )",
    )
    .await;
    let overdue =
        entries_read(&pool, async || queue::fail_overdue(&pool, &failure).await.unwrap()).await;
    change(
        &pool,
        "insert into line_fronts (priority, turn)
         select 0, turn from queue where in_line order by turn offset 20 limit 1",
    )
    .await;
    change(
        &pool,
        "insert into line_fronts (priority, turn, passed_at)
         select 0, min(turn), now() - interval '2 minutes' from queue where in_line",
    )
    .await;
    let recent = Search::Recent(Duration::from_mins(1));
    let gathering =
        entries_read(&pool, async || queue::gather_stragglers(&pool, recent).await.unwrap()).await;
    assert_eq!(queue::claim(&pool, worker, 1_000).await.unwrap().jobs.len(), 1_000);
    let beating = entries_read(&pool, async || {
        queue::beat(&pool, worker, Duration::from_mins(1)).await.unwrap()
    })
    .await;
    let cancelling = entries_read(&pool, async || queue::cancel(&pool, job).await.unwrap()).await;
    change(
        &pool,
        "update queue set cancel_requested_at = now() where job_id in (
             select job_id from queue where in_line order by turn desc limit 20
         )",
    )
    .await;
    let ending = entries_read(&pool, async || queue::cancel_waiting(&pool).await.unwrap()).await;

    for (what, entries) in [
        ("enqueuing", enqueuing),
        ("enqueuing for a key", of_a_key),
        ("ripening", ripening),
        ("failing what is overdue", overdue),
        ("gathering", gathering),
        ("beating", beating),
        ("cancelling", cancelling),
        ("ending what is cancelled and waits", ending),
    ] {
        assert!(entries <= 100, "{what} read {entries} entries");
    }
}

#[tokio::test]
async fn a_claim_under_rules_reads_as_many_of_a_lane_as_it_may_take() {
    let (_database, pool) = long_line().await;
    let worker = factory::worker(&pool).await;
    let claim = async || {
        let claims = queue::claim_under_rules(&pool, worker, BATCH, Some(1_000_000)).await.unwrap();
        assert_eq!(claims.jobs.len(), BATCH);
    };
    // A connection that plans for the first time reads a page of each index.
    claim().await;
    let before = factory::pages_of(&pool, &["queue_in_line"]).await;

    let entries = entries_read(&pool, claim).await;

    assert!(entries <= 1_000, "claiming {BATCH} jobs read {entries} entries");
    // Jobs that were chosen in a lane are looked up by their key, not searched for in the line.
    assert_eq!(factory::pages_of(&pool, &["queue_in_line"]).await, before);
}
