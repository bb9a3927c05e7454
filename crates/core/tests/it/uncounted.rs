//! Plans without statistics: PostgreSQL never counted the queue's rows, and guesses that fewer of them match than are
//! asked for. So it thinks that it is cheap to read all that match, and to sort them.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{Failure, JobId},
    queue, store,
};

use crate::{emptied::entries_read, factory};

/// Jobs that wait.
const WAITING: u32 = 20_000;

#[tokio::test]
async fn a_large_claim_reads_what_it_takes() {
    let (_database, pool) = factory::uncounted_line(WAITING).await;
    let worker = factory::worker(&pool).await;

    let entries = entries_read(&pool, async || {
        assert_eq!(queue::claim(&pool, worker, 500).await.unwrap().jobs.len(), 500);
    })
    .await;

    assert!(entries <= 5_000, "to claim 500 jobs read {entries} entries");
}

#[tokio::test]
async fn what_comes_into_line_again_is_read_and_the_rest_that_is_due_is_not() {
    let (database, pool) = factory::uncounted_line(WAITING).await;
    let rested = format!(
        "with made as (
             insert into jobs (id, prompt, model)
             select gen_random_uuid(), 'a test', 'a model' from generate_series(1, {WAITING})
             returning id
         ) insert into queue (job_id, model, run_at) select id, 'a model', now() from made"
    );
    database.prepare(&[&rested]).await;

    let entries = entries_read(&pool, async || {
        assert!(queue::ripen(&pool).await.unwrap(), "no more are due");
    })
    .await;

    assert!(entries <= 20_000, "to make 1,000 jobs due read {entries} entries");
}

#[tokio::test]
async fn what_is_overdue_is_read_as_far_as_it_is_failed() {
    let (database, pool) = factory::uncounted_line(WAITING).await;
    database.prepare(&["update queue set deadline_at = now()"]).await;
    let failure = Failure { code: "deadline_exceeded".to_owned(), message: "late".to_owned() };

    let entries = entries_read(&pool, async || {
        assert_eq!(queue::fail_overdue(&pool, &failure).await.unwrap().len(), 500);
    })
    .await;

    assert!(entries <= 5_000, "to fail 500 jobs read {entries} entries");
}

#[tokio::test]
async fn those_ahead_of_a_job_are_counted_as_far_as_that_is_told() {
    let (_database, pool) = factory::uncounted_line(WAITING).await;
    let last = "select job_id from queue order by turn desc, job_id desc limit 1";
    let last = JobId(sqlx::query_scalar(last).fetch_one(&pool).await.unwrap());

    let entries = entries_read(&pool, async || {
        let whereabouts = queue::whereabouts(&pool, last).await.unwrap().unwrap();
        assert_eq!(whereabouts.ahead, Some(10_000));
    })
    .await;

    assert!(entries <= 11_000, "to count 10,000 jobs read {entries} entries");
}

/// How many entries of these indexes are read; the table must not be read whole.
async fn read_of(pool: &Pool, table: &str, indexes: &[&str], doing: impl AsyncFnOnce()) -> i64 {
    let whole = factory::whole_reads_of(pool, &[table]).await;
    let before = factory::read_of(pool, indexes).await;
    doing().await;
    assert_eq!(factory::whole_reads_of(pool, &[table]).await, whole, "{table} was read whole");
    factory::read_of(pool, indexes).await - before
}

#[tokio::test]
async fn deliveries_are_read_as_far_as_they_are_claimed_and_snoozed() {
    let (database, pool) = factory::uncounted_line(WAITING).await;
    let due = "
        with webhook as (
            update jobs set webhook_url = 'https://example.com', webhook_events = '{job.completed}'
            returning id
        ) insert into deliveries (id, job_id, event)
          select gen_random_uuid(), id, 'job.completed' from webhook";
    database.prepare(&["alter table deliveries set (autovacuum_enabled = false)", due]).await;
    let worker = factory::worker(&pool).await;

    let indexes = ["deliveries_pkey", "deliveries_due", "deliveries_leased", "deliveries_of_job"];
    let mut rests = Vec::new();
    let claiming = read_of(&pool, "deliveries", &indexes, async || {
        let claimed = queue::deliveries::claim(&pool, worker, 20).await.unwrap();
        rests.extend(claimed.iter().map(|delivery| (delivery.lease, Duration::from_hours(1))));
    })
    .await;
    assert_eq!(rests.len(), 20);
    let snoozing = read_of(&pool, "deliveries", &indexes, async || {
        queue::deliveries::snooze(&pool, &rests).await.unwrap();
    })
    .await;

    assert!(claiming <= 200, "to claim 20 deliveries read {claiming} entries");
    assert!(snoozing <= 100, "to snooze 20 deliveries read {snoozing} entries");
}

#[tokio::test]
async fn keys_that_are_forgotten_are_read_as_far_as_they_are_pruned() {
    let (database, pool) = factory::uncounted_line(WAITING).await;
    let forgotten = "
        insert into idempotency_keys (api_key_id, key, fingerprint, job_id, created_at)
        select gen_random_uuid(), n, sha256(''), gen_random_uuid(), now() - interval '2 days'
        from generate_series(1, 20000) as n";
    let uncounted = "alter table idempotency_keys set (autovacuum_enabled = false)";
    database.prepare(&[uncounted, forgotten]).await;

    let indexes = ["idempotency_keys_pkey", "idempotency_keys_created"];
    let entries = read_of(&pool, "idempotency_keys", &indexes, async || {
        assert_eq!(store::prune_idempotency_keys(&pool).await.unwrap().rows, 1_000);
    })
    .await;

    assert!(entries <= 5_000, "to prune 1,000 keys read {entries} entries");
}
