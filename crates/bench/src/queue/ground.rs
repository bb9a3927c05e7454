//! What the sides stand on: one PostgreSQL, and for each call of a side a database of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use darkroom_core::db::{self, Pool};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::stand::{self, interrupted};

/// Connections that PostgreSQL accepts: sixteen workers have pools.
const MAX_CONNECTIONS: u16 = 300;

/// Counts statements, if it is installed.
pub(super) const COUNTING: &str = "pg_stat_statements";

/// The ground.
pub(super) struct Ground {
    pub(super) stand: stand::Ground,
    /// To look and to make databases, not to load.
    pub(super) pool: Pool,
    databases: AtomicU32,
}

/// A database that was made for one side.
pub(super) struct Database {
    pub(super) name: String,
    pub(super) url: SecretString,
    pub(super) pool: Pool,
}

/// Measures on a ground of its own, and prints the benchmark's name.
pub(super) async fn measure<T>(
    name: &str,
    benchmark: impl AsyncFnOnce(&Ground) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let stand = tokio::select! {
        stand = stand::Ground::prepare(MAX_CONNECTIONS) => stand?,
        interrupted = interrupted() => return Err(interrupted),
    };
    measure_on(stand, name, benchmark).await
}

/// The same, where PostgreSQL counts statements. Without that, where it cannot be had.
pub(super) async fn measure_counting<T>(
    name: &str,
    benchmark: impl AsyncFnOnce(&Ground) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let stand = tokio::select! {
        stand = stand::Ground::prepare_with(MAX_CONNECTIONS, COUNTING) => stand,
        interrupted = interrupted() => return Err(interrupted),
    };
    match stand {
        Ok(stand) => measure_on(stand, name, benchmark).await,
        Err(_not_installed) => measure(name, benchmark).await,
    }
}

async fn measure_on<T>(
    stand: stand::Ground,
    name: &str,
    benchmark: impl AsyncFnOnce(&Ground) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let pool = db::connect(&stand.postgres.url()?, 2)?;
    let ground = Ground { stand, pool, databases: AtomicU32::new(0) };
    let measuring = async {
        println!("\n### {name}\n\n{}", ground.stand.postgres.describe(&ground.pool).await?);
        benchmark(&ground).await
    };
    let outcome = tokio::select! {
        outcome = measuring => outcome,
        interrupted = interrupted() => Err(interrupted),
    };
    ground.pool.close().await;
    ground.stand.clear().await?;
    outcome
}

impl Ground {
    /// Makes an empty database.
    pub(super) async fn database(&self) -> anyhow::Result<Database> {
        let name = format!("side_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.say(format!("create database {name}")).await?;
        let mut url = Url::parse(self.stand.postgres.url()?.expose_secret())?;
        url.set_path(&name);
        let url = SecretString::from(String::from(url));
        let pool = db::connect(&url, 2)?;
        Ok(Database { name, url, pool })
    }

    /// Drops one, whoever is connected.
    pub(super) async fn drop(&self, database: Database) -> anyhow::Result<()> {
        database.pool.close().await;
        self.say(format!("drop database {} with (force)", database.name)).await
    }

    async fn say(&self, statement: String) -> anyhow::Result<()> {
        sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
            .execute(&self.pool)
            .await
            .with_context(|| statement)?;
        Ok(())
    }
}
