//! What every stand is built on: PostgreSQL, and a place where roles run and log.

use std::path::Path;

use darkroom_core::db;
use tempfile::TempDir;
use tokio::process::Command;

use super::{
    guard::Guard,
    postgres::Postgres,
    role::{Plan, Role},
    statements::Counter,
};

/// The ground. Roles that still run when it is dropped end with it.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) postgres: Postgres,
    guard: Guard,
    logs: TempDir,
}

impl Ground {
    /// With the tables made, and so many connections.
    pub(crate) async fn prepare(max_connections: u16) -> anyhow::Result<Self> {
        Self::prepare_with(max_connections, "").await
    }

    /// The same, with a library that PostgreSQL loads.
    pub(crate) async fn prepare_with(max_connections: u16, preload: &str) -> anyhow::Result<Self> {
        let postgres = Postgres::start(max_connections, preload).await?;
        let pool = db::connect(&postgres.url()?, 1)?;
        db::migrate(&pool).await?;
        pool.close().await;
        let logs = tempfile::Builder::new().prefix("darkroom-bench-logs-").tempdir()?;
        Ok(Self { postgres, guard: Guard::post()?, logs })
    }

    /// With statements counted, where that can be had.
    pub(crate) async fn prepare_counting(max_connections: u16) -> anyhow::Result<Self> {
        match Self::prepare_with(max_connections, Counter::PRELOAD).await {
            Ok(ground) => Ok(ground),
            Err(_not_installed) => Self::prepare(max_connections).await,
        }
    }

    /// Lets a program that is none of the roles end with them.
    pub(crate) fn watch(&self, command: &mut Command) -> anyhow::Result<()> {
        self.guard.watch(command)
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
