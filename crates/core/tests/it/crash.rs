//! PostgreSQL crashes: commits that waited for the disk outlive it, claims need not.

use std::{os::unix::fs::PermissionsExt, process::Command};

use darkroom_core::{
    db::{self, Pool},
    job::Status,
    queue::{self, Ended, Error, Lease, Timeline, WorkerId},
    store,
};
use darkroom_embedded_postgres::{EmbeddedPostgres, Settings};
use darkroom_testing::eventually;
use image::ImageFormat;
use tempfile::TempDir;

use crate::factory;

/// How often PostgreSQL writes what no commit waited for to the disk, in milliseconds: as seldom as it can.
const WRITES_EVERY: &str = "10000";

/// A durable PostgreSQL that can be made to crash.
struct Crashing {
    // Dropped before its directory.
    server: EmbeddedPostgres,
    directory: TempDir,
    pool: Pool,
}

impl Crashing {
    async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        // PostgreSQL may run as another user.
        let everyone = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(directory.path(), everyone).unwrap();
        let (server, pool) = start_in(&directory).await;
        db::migrate(&pool).await.unwrap();
        Self { server, directory, pool }
    }

    /// Ends all its processes at once, with all that is only in memory, and starts it again.
    async fn crash(self) -> Self {
        let pid = self.server.pid().to_string();
        assert!(Command::new("kill").args(["-QUIT", &pid]).status().unwrap().success());
        self.server.stop().await.unwrap();
        let (server, pool) = start_in(&self.directory).await;
        Self { server, directory: self.directory, pool }
    }

    /// Waits until PostgreSQL has just written what no commit waited for: the next time is far away.
    async fn until_it_has_written(&self) {
        let written: &str = "select pg_current_wal_flush_lsn() >= $1::pg_lsn";
        let unwaited = "
            begin;
            set local synchronous_commit = off;
            select pg_current_xact_id();
            commit";
        sqlx::raw_sql(unwaited).execute(&self.pool).await.unwrap();
        let position: String = sqlx::query_scalar("select pg_current_wal_insert_lsn()::text")
            .fetch_one(&self.pool)
            .await
            .unwrap();
        eventually("it has written", async || {
            let asked = sqlx::query_scalar(written).bind(&position).fetch_one(&self.pool).await;
            asked.unwrap_or(false).then_some(())
        })
        .await;
    }
}

async fn start_in(directory: &TempDir) -> (EmbeddedPostgres, Pool) {
    let parameters = [("wal_writer_delay", WRITES_EVERY), ("bgwriter_delay", WRITES_EVERY)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let settings = Settings { parameters, ..Settings::new(directory.path().join("postgres")) };
    let server = EmbeddedPostgres::start(settings).await.unwrap();
    let pool = darkroom_testing::connect(&server.url("darkroom"), 4);
    (server, pool)
}

/// A worker that has lived for a while.
async fn old_worker(pool: &Pool) -> WorkerId {
    let worker = factory::worker(pool).await;
    sqlx::query("update workers set started_at = now() - interval '1 hour'")
        .execute(pool)
        .await
        .unwrap();
    worker
}

async fn claim(pool: &Pool, worker: WorkerId) -> Lease {
    queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0).lease
}

/// Whether a worker holds the job.
async fn is_held(pool: &Pool, lease: &Lease) -> bool {
    sqlx::query_scalar("select leased_by is not null from queue where job_id = $1")
        .bind(lease.job.0)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_claim_that_a_crash_undoes_is_made_again_and_its_lease_allows_nothing() {
    let postgres = Crashing::start().await;
    let worker = old_worker(&postgres.pool).await;
    factory::job(&postgres.pool).await;
    postgres.until_it_has_written().await;
    let undone = claim(&postgres.pool, worker).await;

    let postgres = postgres.crash().await;
    let pool = &postgres.pool;
    assert!(!is_held(pool, &undone).await, "the claim did not wait for the disk");
    let lease = claim(pool, worker).await;

    let url = factory::input_url();
    let begun = queue::begin_attempt(pool, &undone, &url, &Timeline::default()).await;
    assert!(matches!(begun, Err(Error::LeaseLost)), "{begun:?}");
    assert_eq!(factory::begin(pool, &lease).await, 1);
    postgres.server.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_worker_claims_in_its_first_second_outlives_a_crash() {
    let postgres = Crashing::start().await;
    factory::job(&postgres.pool).await;
    postgres.until_it_has_written().await;
    let worker = factory::worker(&postgres.pool).await;
    sqlx::query("update workers set started_at = now() + interval '1 hour'")
        .execute(&postgres.pool)
        .await
        .unwrap();
    let lease = claim(&postgres.pool, worker).await;

    let postgres = postgres.crash().await;

    assert!(is_held(&postgres.pool, &lease).await);
    postgres.server.stop().await.unwrap();
}

#[tokio::test]
async fn what_may_cost_money_what_it_made_and_what_has_ended_outlive_a_crash() {
    let mut postgres = Crashing::start().await;
    let worker = old_worker(&postgres.pool).await;
    factory::job(&postgres.pool).await;
    postgres.until_it_has_written().await;
    let lease = claim(&postgres.pool, worker).await;

    factory::begin(&postgres.pool, &lease).await;
    postgres = postgres.crash().await;
    assert!(is_held(&postgres.pool, &lease).await, "the attempt's commit has kept the claim");

    let submission = factory::submission();
    queue::record_submission(&postgres.pool, &lease, 1, &submission).await.unwrap();
    let output = factory::stored(factory::picture(8, 8, ImageFormat::Png));
    queue::archive(&postgres.pool, &lease, 0, &output, None).await.unwrap();
    postgres = postgres.crash().await;
    // As a worker does that has not noticed.
    let (ended, timeline) = (Ended::default(), Timeline::default());
    queue::complete(&postgres.pool, &lease, ended, &timeline).await.unwrap();

    postgres = postgres.crash().await;
    let shown = store::find(&postgres.pool, lease.job).await.unwrap().unwrap();
    assert_eq!(shown.status, Status::Completed);
    assert_eq!(shown.images.iter().filter(|image| image.is_result).count(), 1);
    postgres.server.stop().await.unwrap();
}
