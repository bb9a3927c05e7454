//! What every stand is built on: PostgreSQL, and a directory in which roles run and log.

use std::path::Path;

use anyhow::Context;
use darkroom_core::db::{self, Pool};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::process::Command;

use super::{
    guard::Guard,
    postgres::Postgres,
    role::{FAL_URLS, Plan, Role},
    unless_interrupted,
};
use crate::statements::{Counting, EXTENSION, Statistics};

/// The benchmarks' own connections, for looking at the database; the load does not use them.
const LOOKING: u32 = 2;

/// Runs a benchmark on its own ground, which is removed afterwards, even if the benchmark fails or is interrupted. The
/// pool is for looking at the database.
pub(crate) async fn measure<T>(
    max_connections: u16,
    counting: Counting,
    benchmark: impl AsyncFnOnce(&Ground, &Pool) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let ground = unless_interrupted(Ground::prepare(max_connections, counting)).await?;
    let pool = db::connect(&ground.postgres.url()?, LOOKING)?;
    let outcome = unless_interrupted(benchmark(&ground, &pool)).await;
    pool.close().await;
    ground.clear().await?;
    outcome
}

/// The ground. Roles that still run when it is dropped end with it.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) postgres: Postgres,
    guard: Guard,
    logs: TempDir,
}

impl Ground {
    /// Starts PostgreSQL, which accepts this many connections, and makes the tables.
    pub(crate) async fn prepare(max_connections: u16, counting: Counting) -> anyhow::Result<Self> {
        let preload = if counting == Counting::Nothing { "" } else { EXTENSION };
        let started = Postgres::start(max_connections, preload).await;
        let postgres = match (counting, started) {
            (Counting::InAll, Err(_not_installed)) => Postgres::start(max_connections, "").await?,
            (Counting::ByText, started) => started
                .with_context(|| format!("statements are counted by PostgreSQL's {EXTENSION}"))?,
            (_, started) => started?,
        };
        let pool = db::connect(&postgres.url()?, 1)?;
        db::migrate(&pool).await?;
        if counting == Counting::ByText {
            Statistics::prepare(&pool).await?;
        }
        pool.close().await;
        let logs = tempfile::Builder::new().prefix("darkroom-bench-logs-").tempdir()?;
        Ok(Self { postgres, guard: Guard::post()?, logs })
    }

    /// Prints a benchmark's name, the version and settings of its PostgreSQL, and `more`.
    pub(crate) async fn introduce(
        &self,
        name: &str,
        pool: &Pool,
        more: &str,
    ) -> anyhow::Result<()> {
        println!("\n### {name}\n\n{}{more}", self.postgres.describe(pool).await?);
        Ok(())
    }

    /// Makes a program that is not a role end with the roles.
    pub(crate) fn watch(&self, command: &mut Command) -> anyhow::Result<()> {
        self.guard.watch(command)
    }

    /// What a role needs: the database, and where fal is.
    pub(crate) fn variables(&self, fal: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
        let mut variables = vec![("DATABASE_URL", self.postgres.url()?.expose_secret().to_owned())];
        variables.extend(FAL_URLS.map(|name| (name, fal.to_owned())));
        Ok(variables)
    }

    /// Starts a role.
    pub(crate) fn start(&self, plan: Plan) -> anyhow::Result<Role> {
        Role::start(plan, self.logs.path(), &self.guard)
    }

    /// The directory of the logs.
    pub(crate) fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// Keeps the logs for people to read.
    #[cfg(unix)]
    pub(crate) fn keep_logs(&mut self) {
        self.logs.disable_cleanup(true);
    }

    /// Stops PostgreSQL, and waits for that.
    pub(crate) async fn clear(self) -> anyhow::Result<()> {
        self.postgres.stop().await
    }
}
