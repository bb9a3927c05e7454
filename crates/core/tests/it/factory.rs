//! Makes rows and pictures, so that a test names only what it is about.

use darkroom_core::{
    db::Pool,
    images::inspect,
    job::{Job, NewJob},
    models,
    queue::{self, Begun, Claimed, Lease, Submission, Timeline, WorkerId},
    store::{self, NewImage},
};
use darkroom_testing::TestDatabase;
use image::{DynamicImage, ImageFormat, RgbImage};
use time::OffsetDateTime;
use url::Url;

/// A whole picture of this size, in this format.
pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let gradient = RgbImage::from_fn(width, height, |x, y| {
        let part = |at: u32, whole: u32| u8::try_from(at * 255 / whole).unwrap();
        image::Rgb([part(x, width), part(y, height), 128])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(gradient).write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub(crate) fn stored(data: Vec<u8>) -> NewImage {
    let picture = inspect(&data, u64::MAX).unwrap();
    NewImage {
        data: data.into(),
        media_type: picture.media_type,
        width: picture.width,
        height: picture.height,
    }
}

/// A usual job.
pub(crate) fn new_job() -> NewJob {
    NewJob {
        prompt: "make it rain".into(),
        model: models::DEFAULT.into(),
        inputs: vec![stored(picture(16, 12, ImageFormat::Jpeg))],
        ..NewJob::default()
    }
}

pub(crate) async fn job(pool: &Pool) -> Job {
    store::create(pool, &new_job()).await.unwrap()
}

/// Puts this many jobs without pictures in line.
pub(crate) async fn line(database: &TestDatabase, jobs: u32) {
    let line = format!(
        "with made as (
             insert into jobs (id, prompt, model)
             select gen_random_uuid(), 'a test', 'a model' from generate_series(1, {jobs})
             returning id
         ) insert into queue (job_id, model, turn, deadline_at)
         select id, 'a model', (extract(epoch from clock_timestamp()) * 1e6)::bigint,
             now() + interval '1 day'
         from made"
    );
    database.prepare(&[&line]).await;
}

/// A line of this many jobs that PostgreSQL never counts by itself; and a pool of one connection, which keeps its plans
/// and reports what it read.
pub(crate) async fn uncounted_line(jobs: u32) -> (TestDatabase, Pool) {
    let database = TestDatabase::create().await;
    // So that autovacuum does not collect statistics.
    database.prepare(&["alter table queue set (autovacuum_enabled = false)"]).await;
    line(&database, jobs).await;
    let pool = database.connect(1);
    (database, pool)
}

/// How many rows of these tables were read, by an index or without. For a pool of one connection, which reports what
/// it read.
pub(crate) async fn rows_of(pool: &Pool, tables: &[&str]) -> i64 {
    told(
        pool,
        "select sum(seq_tup_read + idx_tup_fetch)::bigint from pg_stat_user_tables
         where relname = any($1)",
        tables,
    )
    .await
}

/// How many entries of these indexes were read. For a pool of one connection, too.
pub(crate) async fn read_of(pool: &Pool, indexes: &[&str]) -> i64 {
    told(
        pool,
        "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where indexrelname = any($1)",
        indexes,
    )
    .await
}

/// How many pages of these indexes were read, even if no entry matched. For a pool of one connection, too.
pub(crate) async fn pages_of(pool: &Pool, indexes: &[&str]) -> i64 {
    told(
        pool,
        "select sum(idx_blks_hit + idx_blks_read)::bigint from pg_statio_user_indexes
         where indexrelname = any($1)",
        indexes,
    )
    .await
}

/// How often one of these tables was read whole. For a pool of one connection, too.
pub(crate) async fn whole_reads_of(pool: &Pool, tables: &[&str]) -> i64 {
    told(
        pool,
        "select sum(seq_scan)::bigint from pg_stat_user_tables where relname = any($1)",
        tables,
    )
    .await
}

async fn told(pool: &Pool, question: &'static str, names: &[&str]) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(pool).await.unwrap();
    sqlx::query_scalar(question).bind(names).fetch_one(pool).await.unwrap()
}

pub(crate) async fn worker(pool: &Pool) -> WorkerId {
    queue::register(pool, "a test").await.unwrap()
}

/// A job that a worker has claimed.
pub(crate) async fn claimed(pool: &Pool) -> Claimed {
    let job = job(pool).await;
    let worker = worker(pool).await;
    let mut claimed = queue::claim(pool, worker, 1).await.unwrap().jobs;
    assert_eq!(claimed[0].lease.job, job.id);
    claimed.remove(0)
}

/// The address of an uploaded picture.
pub(crate) fn input_url() -> Url {
    "http://fal.test/input".parse().unwrap()
}

/// Begins an attempt, and returns its number.
pub(crate) async fn begin(pool: &Pool, lease: &Lease) -> i16 {
    let begun =
        queue::begin_attempt(pool, lease, &input_url(), &Timeline::default()).await.unwrap();
    let number = if let Begun::Attempt(number) = begun { number } else { 0 };
    assert!(number > 0, "submissions are halted");
    number
}

pub(crate) fn submission() -> Submission {
    let url = |end: &str| format!("http://fal.test/requests/r-1{end}").parse().unwrap();
    Submission {
        provider_request_id: "r-1".into(),
        status_url: url("/status"),
        response_url: url(""),
        cancel_url: url("/cancel"),
    }
}

/// Makes a worker's last beat as old as if it had stopped long ago.
pub(crate) async fn stop_beating(pool: &Pool, worker: WorkerId) {
    let late = "update workers set beat_at = now() - interval '1 hour' where id = $1";
    sqlx::query(late).bind(worker.0).execute(pool).await.unwrap();
}

/// How many rows a table has.
pub(crate) async fn count(pool: &Pool, table: &'static str) -> i64 {
    let statement = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

/// The time by the database's clock, which decides everything.
pub(crate) async fn now(pool: &Pool) -> OffsetDateTime {
    sqlx::query_scalar("select now()").fetch_one(pool).await.unwrap()
}
