//! A filtered list reads about as many rows as it returns, however long the history is.

use darkroom_core::{
    api_key::ApiKeyId,
    db::{self, Pool},
    job::{JobId, Status},
    models,
    store::{self, Filter, Page},
};
use darkroom_testing::TestDatabase;
use serde_json::json;
use uuid::Uuid;

use crate::factory;

/// 50,000 jobs, one a second: nearly all completed, by one model, with metadata of their own. The rare ones are far
/// back, so that a walk from the newest would be long.
const HISTORY: &str = "
    insert into jobs (
        id, prompt, model, status, created_at, finished_at, failure_code, failure_message, metadata, api_key_id
    )
    select (
            lpad(to_hex((extract(epoch from now()) * 1000)::bigint - (50000 - n) * 1000), 12, '0')
            || '70008' || lpad(to_hex(n), 15, '0')
        )::uuid,
        'p', case when n between 101 and 110 then 'rare' else $1 end, status,
        now() - make_interval(secs => 50000 - n),
        case when status in ('completed', 'failed', 'cancelled') then now() end,
        case status when 'failed' then 'test' end, case status when 'failed' then 'A test.' end,
        jsonb_build_object('n', n, 'customer', n % 5000),
        case when n between 601 and 610 then $2::uuid else $3::uuid end
    from generate_series(1, 50000) as n, lateral (
        select case when n between 201 and 210 then 'failed' when n between 301 and 310 then 'cancelled'
            when n between 401 and 410 then 'processing' when n between 501 and 510 then 'pending'
            else 'completed' end as status
    ) as states";

const RARE_KEY: ApiKeyId = ApiKeyId(Uuid::from_u128(1));
const USUAL_KEY: ApiKeyId = ApiKeyId(Uuid::from_u128(2));

async fn history(pool: &Pool) {
    sqlx::query(HISTORY)
        .bind(models::DEFAULT)
        .bind(RARE_KEY.0)
        .bind(USUAL_KEY.0)
        .execute(pool)
        .await
        .unwrap();
    for statement in [
        "insert into queue (job_id, model) select id, model from jobs where finished_at is null",
        "update jobs set parent_id = (select id from jobs where metadata @> '{\"n\": 1}')
         where metadata->>'n' in ('11', '12', '13')",
        "vacuum analyze jobs",
        "analyze queue",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
}

/// How many rows of `jobs` were read so far, by an index or without.
async fn rows_read(pool: &Pool) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(pool).await.unwrap();
    let read =
        "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'jobs'";
    sqlx::query_scalar(read).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_filter_reads_about_as_many_rows_as_it_answers() {
    let database = TestDatabase::create().await;
    // One connection, which reports what it has read.
    let pool = &db::connect(&database.url, 1).unwrap();
    history(pool).await;
    let parent = "select id from jobs where metadata @> '{\"n\": 1}'";
    let parent: Uuid = sqlx::query_scalar(parent).fetch_one(pool).await.unwrap();
    // The moment of the history's newest job, however long it took to make it.
    let now: time::OffsetDateTime =
        sqlx::query_scalar("select max(created_at) from jobs").fetch_one(pool).await.unwrap();
    let status = |status| Filter { statuses: vec![status], ..Filter::default() };
    let half = now - time::Duration::seconds(25_000);
    let cases = [
        ("pending", status(Status::Pending), 10),
        ("processing", status(Status::Processing), 10),
        ("completed", status(Status::Completed), 51),
        ("failed", status(Status::Failed), 10),
        ("cancelled", status(Status::Cancelled), 10),
        ("all", Filter { statuses: Status::ALL.to_vec(), ..Filter::default() }, 51),
        ("rare model", Filter { model: Some("rare".into()), ..Filter::default() }, 10),
        ("usual model", Filter { model: Some(models::DEFAULT.into()), ..Filter::default() }, 51),
        ("rare key", Filter { api_key: Some(RARE_KEY), ..Filter::default() }, 10),
        ("usual key", Filter { api_key: Some(USUAL_KEY), ..Filter::default() }, 51),
        (
            "a failure of a usual key",
            Filter { api_key: Some(USUAL_KEY), ..status(Status::Failed) },
            10,
        ),
        ("parent", Filter { parent: Some(JobId(parent)), ..Filter::default() }, 3),
        (
            "metadata",
            Filter {
                metadata: vec![vec![json!({"customer": "7"}), json!({"customer": 7})]],
                ..Filter::default()
            },
            10,
        ),
        (
            "a failure of a usual model",
            Filter { model: Some(models::DEFAULT.into()), ..status(Status::Failed) },
            10,
        ),
        // Jobs are read and left out that are newer by as much as clocks may differ.
        ("until", Filter { created_before: Some(half), ..Filter::default() }, 51),
        (
            "from",
            Filter { created_after: Some(now - time::Duration::seconds(30)), ..Filter::default() },
            30,
        ),
    ];

    for (name, filter, expected) in cases {
        let before = rows_read(pool).await;
        let page = Page { before: None, limit: 51 };
        let jobs = store::list(pool, page, &filter).await.unwrap().jobs;
        let read = rows_read(pool).await - before;

        assert!(jobs.is_sorted_by(|a, b| a.id > b.id), "{name}");
        let found = jobs.len();
        assert!(found.abs_diff(expected) <= 1, "{name}: {found} found");
        assert!(read <= 1_000, "{name}: {read} rows were read");
    }
}

#[tokio::test]
async fn a_job_that_goes_or_changes_while_its_page_is_read_does_not_end_the_list() {
    let database = TestDatabase::create().await;
    // One connection: who waits for it while the ids are read has it before the jobs are read.
    let pool = &db::connect(&database.url, 1).unwrap();
    let filter = Filter { statuses: vec![Status::Pending], ..Filter::default() };
    let page = Page { before: None, limit: 2 };
    factory::job(pool).await;

    for change in [
        "update jobs set deleted_at = now() where id = $1",
        "update jobs set status = 'processing' where id = $1",
    ] {
        let other = factory::job(pool).await.id;
        let stays = factory::job(pool).await.id;
        let (listed, done) = tokio::join!(
            store::list(pool, page, &filter),
            sqlx::query(change).bind(other.0).execute(pool),
        );

        done.unwrap();
        let listed = listed.unwrap();
        assert_eq!(listed.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [stays], "{change}");
        assert_eq!(listed.next, Some(other), "{change}");
    }
}
