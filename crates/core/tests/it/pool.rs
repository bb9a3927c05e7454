//! The pool: which connection it hands out, and for how long it keeps one.

use std::time::Duration;

use darkroom_core::db::{self, Connection, Pool};
use darkroom_testing::TestDatabase;
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, PgExecutor};
use tokio::{
    net::TcpListener,
    time::{self, timeout},
};
use url::Url;

/// The id of a connection's server process.
async fn process(executor: impl PgExecutor<'_>) -> i32 {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(executor).await.unwrap()
}

/// Takes this many connections, each with the id of its server process.
async fn take(pool: &Pool, many: usize) -> Vec<(Connection, i32)> {
    let mut taken = Vec::new();
    for _ in 0..many {
        let mut connection = pool.acquire().await.unwrap();
        let process = process(&mut connection).await;
        taken.push((connection, process));
    }
    taken
}

/// Lets time pass without really waiting.
pub(crate) async fn pass(time: Duration) {
    time::pause();
    time::sleep(time).await;
    time::resume();
}

#[tokio::test]
async fn the_connection_that_was_used_last_is_used_next() {
    let database = TestDatabase::create().await;
    let mut taken = take(&database.pool, 3).await;
    let (last, its_process) = taken.remove(1);
    drop(taken);
    drop(last);

    for _ in 0..3 {
        assert_eq!(process(&database.pool).await, its_process);
    }
}

#[tokio::test]
async fn a_connection_that_was_answered_is_free_for_the_next_one_when_it_is_dropped() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    let connection = take(&pool, 1).await;
    assert_eq!((pool.usage().in_use, pool.usage().idle), (1, 0));

    drop(connection);

    assert_eq!((pool.usage().in_use, pool.usage().idle), (0, 1));
}

#[tokio::test]
async fn connections_that_nobody_needed_for_minutes_are_closed_and_one_that_is_used_is_kept() {
    let database = TestDatabase::create().await;
    let pool = database.connect(3);
    drop(take(&pool, 3).await);
    assert_eq!(pool.usage().idle, 3);
    let used = process(&pool).await;

    for _ in 0..8 {
        pass(Duration::from_mins(1)).await;
        assert_eq!(process(&pool).await, used);
    }

    assert_eq!(pool.usage().idle, 1);
}

#[tokio::test]
async fn a_connection_that_is_old_is_closed_however_much_it_is_used() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    let first = process(&pool).await;

    for _ in 0..8 {
        pass(Duration::from_mins(4)).await;
        process(&pool).await;
    }

    assert_ne!(process(&pool).await, first);
}

#[tokio::test]
async fn no_statement_is_compiled_however_much_it_may_read() {
    let database = TestDatabase::create().await;

    let compiles: String = sqlx::query_scalar("show jit").fetch_one(&database.pool).await.unwrap();

    assert_eq!(compiles, "off");
}

#[tokio::test]
async fn a_statement_that_fails_costs_no_connection() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    let before = process(&pool).await;

    assert!(sqlx::query("select 1 / 0").execute(&pool).await.is_err());

    assert_eq!(process(&pool).await, before);
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_not_given_to_the_next_one() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    let mut taken = take(&pool, 1).await;
    let (mut connection, ended) = taken.remove(0);
    database.end_connections().await;
    assert!(sqlx::query("select 1").execute(&mut connection).await.is_err());

    drop(connection);

    assert_ne!(process(&pool).await, ended);
}

#[tokio::test]
async fn a_transaction_whose_end_nobody_sees_to_is_not_given_to_the_next_one() {
    let database = TestDatabase::create().await;
    let pool = database.connect(1);
    let before = process(&pool).await;

    // Dropped just before its runtime ends, so that there is no time for the rollback.
    let its_own = pool.clone();
    let other = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut transaction = its_own.begin().await.unwrap();
            process(&mut *transaction).await
        })
    });

    assert_eq!(other.await.unwrap(), before);
    assert_ne!(process(&pool).await, before);
}

#[tokio::test]
async fn nothing_that_is_printed_of_a_pool_holds_its_password() {
    let url = "postgres://somebody:very-secret@127.0.0.1:1/none".to_owned();
    let pool = db::connect(&url.into(), 1).unwrap();

    assert!(!format!("{pool:?}").contains("very-secret"));
}

#[tokio::test]
async fn a_server_that_takes_no_more_connections_is_waited_for() {
    let database = TestDatabase::create().await;
    let role = format!("of_{}", process(&database.pool).await);
    let make =
        AssertSqlSafe(format!("create role {role} login password 'secret' connection limit 1"));
    sqlx::query(make).execute(&database.pool).await.unwrap();
    let mut url: Url = database.url.expose_secret().parse().unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("secret")).unwrap();
    let url = String::from(url).into();
    let [one, other] = [(); 2].map(|()| darkroom_testing::connect(&url, 1));
    let first = process(&one).await;

    let mut waiting = Box::pin(process(&other));
    assert!(timeout(Duration::from_millis(50), &mut waiting).await.is_err());
    one.close().await;

    assert_ne!(waiting.await, first);
    other.close().await;
    let clear = AssertSqlSafe(format!("drop role {role}"));
    sqlx::query(clear).execute(&database.pool).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_a_database_that_is_away_is_told_so_in_the_end_and_counted() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("postgres://{}/none", taken.local_addr().unwrap());
    drop(taken);
    let pool = db::connect_patiently(&nowhere.into(), 1, Duration::from_millis(50)).unwrap();

    let mut waiting = Box::pin(pool.acquire());
    assert!(waiting.as_mut().now_or_never().is_none());
    assert_eq!((pool.usage().in_use, pool.usage().idle), (1, 0), "it is being opened");
    let told = waiting.await.unwrap_err();

    assert!(matches!(told, sqlx::Error::PoolTimedOut));
    assert_eq!(pool.usage().timeouts, 1);
}

#[tokio::test]
async fn a_pool_is_closed_once_all_connections_are_given_back() {
    let database = TestDatabase::create().await;
    let pool = database.connect(2);
    let mut taken = take(&pool, 2).await;
    taken.truncate(1);

    let mut closing = Box::pin(pool.close());
    assert!(timeout(Duration::from_millis(50), &mut closing).await.is_err());
    assert!(matches!(pool.acquire().await, Err(sqlx::Error::PoolClosed)));
    drop(taken);

    closing.await;
    assert_eq!((pool.usage().in_use, pool.usage().idle), (0, 0));
}
