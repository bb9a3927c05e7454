//! A database that stops answering: its statements fail in time, and no place in the pool is lost.

use std::time::Duration;

use darkroom_core::db::{self, Connection, Pool};
use darkroom_testing::TestDatabase;
use sqlx::{Executor, PgExecutor, SqlSafeStr};
use tokio::time::{self, timeout};

use crate::proxy::Proxy;

/// Longer than any wait for a silent database.
const LONG: Duration = Duration::from_mins(1);

/// A connection that gets no answers any more, and the pool whose only place it takes.
async fn silent(database: &TestDatabase) -> (Proxy, Pool, Connection) {
    let proxy = Proxy::before(database).await;
    let pool = proxy.connect(1);
    let connection = pool.acquire().await.unwrap();
    proxy.cut();
    (proxy, pool, connection)
}

async fn one(executor: impl PgExecutor<'_>) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("select 1").fetch_one(executor).await
}

fn is_silence<T>(answer: Result<T, sqlx::Error>) -> bool {
    matches!(answer, Err(sqlx::Error::Io(error)) if error.kind() == std::io::ErrorKind::TimedOut)
}

/// Lets time pass without really waiting, then mends the proxy.
async fn pass(proxy: &Proxy) {
    time::sleep(LONG).await;
    time::resume();
    proxy.mend();
}

#[tokio::test]
async fn a_statement_that_is_not_answered_fails_and_the_pool_goes_on() {
    let database = TestDatabase::create().await;
    let (proxy, pool, mut connection) = silent(&database).await;
    time::pause();

    let answer = one(&mut connection).await;

    assert!(is_silence(answer));
    drop(connection);
    pass(&proxy).await;
    assert_eq!(one(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_statement_of_a_transaction_fails_likewise() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(&database).await;
    let pool = proxy.connect(1);
    let mut transaction = pool.begin().await.unwrap();
    proxy.cut();
    time::pause();

    let answer = sqlx::query("select 1").execute(&mut *transaction).await;

    assert!(is_silence(answer));
    drop(transaction);
    pass(&proxy).await;
    assert_eq!(one(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_statement_that_is_only_prepared_or_described_fails_likewise() {
    let database = TestDatabase::create().await;
    for prepares in [true, false] {
        let (proxy, pool, mut connection) = silent(&database).await;
        time::pause();

        let sql = "select 1".into_sql_str();
        let is_silent = if prepares {
            is_silence(connection.prepare(sql).await)
        } else {
            is_silence(connection.describe(sql).await)
        };

        assert!(is_silent, "prepares: {prepares}");
        drop(connection);
        pass(&proxy).await;
        assert_eq!(one(&pool).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_any_more_keeps_no_place() {
    let database = TestDatabase::create().await;
    let (proxy, pool, mut connection) = silent(&database).await;

    // The statement is polled once, which sends it, and then dropped.
    assert!(timeout(Duration::ZERO, one(&mut connection)).await.is_err());

    drop(connection);
    time::pause();
    pass(&proxy).await;
    assert_eq!(one(&pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back_and_its_connection_kept() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    let who = "select pg_backend_pid()";
    let mut transaction = pool.begin().await.unwrap();
    let before: i32 = sqlx::query_scalar(who).fetch_one(&mut *transaction).await.unwrap();
    sqlx::query("delete from _sqlx_migrations").execute(&mut *transaction).await.unwrap();

    drop(transaction);

    let after: i32 = sqlx::query_scalar(who).fetch_one(&pool).await.unwrap();
    assert_eq!(before, after);
    assert!(db::schema_is_current(&pool).await.unwrap());
}

#[tokio::test]
async fn what_rested_while_the_database_was_silent_is_not_trusted() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::before(&database).await;
    let pool = proxy.connect(2);
    let mut asking = pool.acquire().await.unwrap();
    let mut resting = pool.acquire().await.unwrap();
    let who = "select pg_backend_pid()";
    let rested: i32 = sqlx::query_scalar(who).fetch_one(&mut resting).await.unwrap();
    drop(resting);
    proxy.cut();
    time::pause();

    assert!(is_silence(one(&mut asking).await));

    time::resume();
    proxy.mend();
    let next: i32 = sqlx::query_scalar(who).fetch_one(&pool).await.unwrap();
    assert_ne!(next, rested);
}

#[tokio::test]
async fn a_client_that_is_stopped_inside_a_transaction_loses_it() {
    let database = TestDatabase::create().await;
    let lock = "lock table queue in exclusive mode";
    let mut stopped = database.pool.begin().await.unwrap();
    sqlx::query(lock).execute(&mut *stopped).await.unwrap();

    // This waits for the lock, which the stopped client does not release.
    timeout(LONG, database.hold(lock)).await.unwrap();

    assert!(stopped.commit().await.is_err());
}
