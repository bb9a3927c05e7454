//! A filtered list reads about as many rows as it returns, however long the history is.

use darkroom_core::{
    api_key::ApiKeyId,
    job::{JobId, Status},
    models,
    store::{self, Filter, Page},
};
use darkroom_testing::{TestDatabase, eventually};
use serde_json::json;
use uuid::Uuid;

use crate::factory;

const RARE_KEY: ApiKeyId = ApiKeyId(Uuid::from_u128(1));
const USUAL_KEY: ApiKeyId = ApiKeyId(Uuid::from_u128(2));

/// 50,000 jobs, one a second: nearly all completed, by one model, with metadata of their own. The rare ones are far
/// back, so that a walk from the newest would be long.
async fn history(database: &TestDatabase) {
    let (usual, rare_key, usual_key) = (models::DEFAULT, RARE_KEY.0, USUAL_KEY.0);
    let jobs = format!(
        "insert into jobs (
             id, prompt, model, status, created_at, finished_at, failure_code, failure_message,
             metadata, api_key_id
         )
         select (
                 lpad(
                     to_hex((extract(epoch from now()) * 1000)::bigint - (50000 - n) * 1000),
                     12, '0'
                 )
                 || '70008' || lpad(to_hex(n), 15, '0')
             )::uuid,
             'p', case when n between 101 and 110 then 'rare' else '{usual}' end, status,
             now() - make_interval(secs => 50000 - n),
             case when status in ('completed', 'failed', 'cancelled') then now() end,
             case status when 'failed' then 'test' end,
             case status when 'failed' then 'A test.' end,
             jsonb_build_object('n', n, 'customer', n % 5000),
             case when n between 601 and 610 then '{rare_key}'::uuid else '{usual_key}'::uuid end
         from generate_series(1, 50000) as n, lateral (
             select case when n between 201 and 210 then 'failed'
                 when n between 301 and 310 then 'cancelled'
                 when n between 401 and 410 then 'processing'
                 when n between 501 and 510 then 'pending'
                 else 'completed' end as status
         ) as states"
    );
    let children = "
        update jobs set parent_id = (select id from jobs where metadata @> '{\"n\": 1}')
        where metadata->>'n' in ('11', '12', '13')";
    let queue =
        "insert into queue (job_id, model) select id, model from jobs where finished_at is null";
    database.prepare(&[&jobs, queue, children, "vacuum analyze jobs", "analyze queue"]).await;
}

#[tokio::test]
async fn a_filter_reads_about_as_many_rows_as_it_answers() {
    let database = TestDatabase::create().await;
    history(&database).await;
    // One connection, which reports what it has read.
    let pool = &database.connect(1);
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
        let before = factory::rows_of(pool, &["jobs"]).await;
        let page = Page { before: None, limit: 51 };
        let jobs = store::list(pool, page, &filter).await.unwrap().jobs;
        let read = factory::rows_of(pool, &["jobs"]).await - before;

        assert!(jobs.is_sorted_by(|a, b| a.id > b.id), "{name}");
        let found = jobs.len();
        assert!(found.abs_diff(expected) <= 1, "{name}: {found} found");
        assert!(read <= 1_000, "{name}: {read} rows were read");
    }
}

#[tokio::test]
async fn a_job_that_goes_or_changes_while_its_page_is_read_does_not_end_the_list() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let filter = Filter { statuses: vec![Status::Pending], ..Filter::default() };
    let page = Page { before: None, limit: 2 };
    factory::job(pool).await;

    for change in [
        "update jobs set deleted_at = now() where id = $1",
        "update jobs set status = 'processing' where id = $1",
    ] {
        let other = factory::job(pool).await.id;
        let stays = factory::job(pool).await.id;
        // The ids are read without images, the jobs with them.
        let mut changing = pool.acquire().await.unwrap();
        let hold = "begin; lock table images in access exclusive mode";
        sqlx::raw_sql(hold).execute(&mut changing).await.unwrap();
        let (reader, filter) = (pool.clone(), filter.clone());
        let listing = tokio::spawn(async move { store::list(&reader, page, &filter).await });
        eventually("the ids are read, and the jobs are not", async || {
            (database.blocked().await > 0).then_some(())
        })
        .await;

        sqlx::query(change).bind(other.0).execute(&mut changing).await.unwrap();
        sqlx::raw_sql("commit").execute(&mut changing).await.unwrap();

        let listed = listing.await.unwrap().unwrap();
        assert_eq!(listed.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [stays], "{change}");
        assert_eq!(listed.next, Some(other), "{change}");
    }
}
