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
use secrecy::SecretString;
use sqlx::{Connection, PgConnection};
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
        let pool = connect(&url, CONNECTIONS);
        Self { url, pool, name }
    }

    /// Another pool, of so many connections.
    #[must_use]
    pub fn connect(&self, connections: u32) -> Pool {
        connect(&self.url, connections)
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
        let mut connection = server::open(&self.url).await;
        server::run(&mut connection, &format!("begin; {statements}")).await;
        Held(connection)
    }

    /// Runs statements one after the other on a connection of its own, however long they take.
    ///
    /// What they read is in the server's statistics afterwards, so that none of it is taken for what a test reads.
    pub async fn prepare(&self, statements: &[&str]) {
        let mut connection = server::open(&self.url).await;
        for statement in statements {
            server::run(&mut connection, statement).await;
        }
        server::run(&mut connection, "select pg_stat_force_next_flush()").await;
        connection.close().await.expect("the connection closes");
    }

    /// How many connections wait for a lock.
    pub async fn blocked(&self) -> i64 {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        let waiting = sqlx::query_scalar(waiting).fetch_one(&self.pool).await;
        waiting.expect("the database answers")
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

/// A pool that is more patient than a program's.
#[must_use]
pub fn connect(url: &SecretString, connections: u32) -> Pool {
    db::connect_patiently(url, connections, PATIENCE).expect("the URL is well-formed")
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
