//! A real PostgreSQL for tests, in which each test has its own migrated database.
//!
//! Used as a dev-dependency only. One server serves a whole test process and ends with it.

#![expect(clippy::expect_used, reason = "a test that cannot have a database cannot go on")]

mod counted_line;
mod receiver;
mod scrape;
mod server;
mod signal;

use std::time::Duration;

use darkroom_core::db::{self, Pool};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

pub use counted_line::CountedLine;
pub use receiver::{Call, Receiver, Reply};
pub use scrape::Scrape;
pub use signal::eventually;

/// A migrated, empty database that nobody else uses.
#[derive(Debug)]
pub struct TestDatabase {
    /// The database's address, for programs that connect by themselves.
    pub url: SecretString,
    /// A few connections, for the test.
    pub pool: Pool,
    name: String,
}

/// Enough connections for a test with a few workers at once.
const CONNECTIONS: u32 = 8;

/// How long to wait for a connection: on a busy machine a new one may take seconds.
const PATIENCE: Duration = Duration::from_secs(30);

impl TestDatabase {
    /// Makes a migrated database.
    pub async fn create() -> Self {
        Self::copy_of(server::TEMPLATE).await
    }

    /// Makes a database without any tables.
    pub async fn empty() -> Self {
        Self::copy_of("template1").await
    }

    async fn copy_of(template: &str) -> Self {
        let server = server::shared().await;
        let name = format!("test_{}", Uuid::new_v4().simple());
        server.administer(&format!("create database {name} template {template}")).await;
        let url = server.url(&name);
        let pool =
            db::connect_patiently(&url, CONNECTIONS, PATIENCE).expect("the URL is well-formed");
        Self { url, pool, name }
    }

    /// Cuts the database off: existing connections end and new ones are refused.
    pub async fn take_away(&self) {
        let server = server::shared().await;
        server.administer(&format!("alter database {} allow_connections false", self.name)).await;
        self.end_connections().await;
    }

    /// Lets connections in again.
    pub async fn bring_back(&self) {
        let server = server::shared().await;
        server.administer(&format!("alter database {} allow_connections true", self.name)).await;
    }

    /// Runs statements in a transaction that stays open, with their locks, until it is released or dropped. It
    /// has its own connection, because the pool would not leave it open for long.
    pub async fn hold(&self, statements: &str) -> Held {
        let url = self.url.expose_secret();
        let mut connection = PgConnection::connect(url).await.expect("the database answers");
        let held = AssertSqlSafe(format!("begin; {statements}"));
        sqlx::raw_sql(held).execute(&mut connection).await.expect("the statements hold");
        Held(connection)
    }

    /// Ends every connection to the database; new ones are accepted.
    pub async fn end_connections(&self) {
        let server = server::shared().await;
        let statement = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'",
            self.name
        );
        server.administer(&statement).await;
    }
}

/// A transaction that is open.
#[derive(Debug)]
pub struct Held(PgConnection);

impl Held {
    /// Rolls the transaction back.
    pub async fn release(self) {
        self.0.close().await.expect("the connection closes");
    }
}

/// A client for plain HTTP on this machine, whatever proxy the environment names.
pub fn http_client() -> reqwest::Client {
    darkroom_core::tls::install_provider();
    reqwest::Client::builder().no_proxy().build().expect("a client without wishes is made")
}

/// Makes a database look as if it were one migration older.
pub async fn forget_last_migration(pool: &Pool) {
    let forget = "delete from _sqlx_migrations
                  where version = (select max(version) from _sqlx_migrations)";
    sqlx::query(forget).execute(pool).await.expect("the statement holds");
}

/// Makes a database look as if a later version had migrated it.
pub async fn pretend_newer_migration(pool: &Pool) {
    let pretend =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                   values (99991231235959, 'of a later version', true, '', 0)";
    sqlx::query(pretend).execute(pool).await.expect("the statement holds");
}
