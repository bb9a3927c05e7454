//! Where the sides work: one PostgreSQL, with a new database for each measurement of a side.

use std::sync::atomic::{AtomicU32, Ordering};

use darkroom_core::db::{self, Pool};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{side::unbounded, stand::ground, statements::Counting};

/// Connections that PostgreSQL accepts: sixteen workers have pools.
const MAX_CONNECTIONS: u16 = 300;

/// The databases of one PostgreSQL.
pub(super) struct Databases {
    /// For looking at the databases; the load does not use it.
    pub(super) pool: Pool,
    url: Url,
    made: AtomicU32,
}

/// A database that was made for one side.
pub(super) struct Database {
    pub(super) name: String,
    pub(super) url: SecretString,
    pub(super) pool: Pool,
}

/// Measures on a PostgreSQL of its own, and prints the benchmark's name.
pub(super) async fn measure<T>(
    name: &str,
    benchmark: impl AsyncFnOnce(&Databases) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    measure_counting(Counting::Nothing, name, benchmark).await
}

/// The same, where PostgreSQL counts statements.
pub(super) async fn measure_counting<T>(
    counting: Counting,
    name: &str,
    benchmark: impl AsyncFnOnce(&Databases) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    ground::measure(MAX_CONNECTIONS, counting, async |ground, pool| {
        ground.introduce(name, pool, "").await?;
        let url = Url::parse(ground.postgres.url()?.expose_secret())?;
        benchmark(&Databases { pool: pool.clone(), url, made: AtomicU32::new(0) }).await
    })
    .await
}

impl Databases {
    /// Makes an empty database.
    pub(super) async fn make(&self) -> anyhow::Result<Database> {
        let name = format!("side_{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.say(format!("create database {name}")).await?;
        let mut url = self.url.clone();
        url.set_path(&name);
        let url = SecretString::from(String::from(url));
        let pool = db::connect(&url, 2)?;
        Ok(Database { name, url, pool })
    }

    /// Drops a database, even if somebody is connected to it.
    pub(super) async fn drop(&self, database: Database) -> anyhow::Result<()> {
        database.pool.close().await;
        self.say(format!("drop database {} with (force)", database.name)).await
    }

    async fn say(&self, statement: String) -> anyhow::Result<()> {
        // Without a time limit: to drop a database deletes its files, which may be large.
        unbounded::run(&String::from(self.url.clone()).into(), &[&statement]).await
    }
}
