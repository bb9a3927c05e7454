//! A PostgreSQL that really writes to disk, in a directory that goes with it.

use darkroom_core::db::Pool;
use darkroom_embedded_postgres::{EmbeddedPostgres, Settings};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

const DATABASE: &str = "darkroom";

/// A durable PostgreSQL. Stops when dropped, too, but [`stop`](Self::stop) waits for its end.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: EmbeddedPostgres,
    url: SecretString,
    directory: TempDir,
}

impl Postgres {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("darkroom-bench-").tempdir()?;
        let server = EmbeddedPostgres::start(Settings::new(directory.path())).await?;
        let url = server.url(DATABASE);
        Ok(Self { server, url, directory })
    }

    pub(super) fn url(&self) -> &SecretString {
        &self.url
    }

    /// For the environment of a role.
    pub(super) fn exposed_url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Its version, and how sure a commit is.
    pub(super) async fn describe(&self, pool: &Pool) -> anyhow::Result<String> {
        let (fsync, commit, buffers): (String, String, String) = sqlx::query_as(
            "select current_setting('fsync'), current_setting('synchronous_commit'),
                 current_setting('shared_buffers')",
        )
        .fetch_one(pool)
        .await?;
        let version = self.server.version();
        Ok(format!(
            "PostgreSQL {version}: fsync {fsync}, synchronous_commit {commit}, \
             shared_buffers {buffers}. Pools of 10."
        ))
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        let home = self.server.data_dir().to_owned();
        self.server.stop().await?;
        if home != self.directory.path() {
            // A temporary directory that PostgreSQL's user cannot reach: another one was taken.
            std::fs::remove_dir_all(home)?;
        }
        self.directory.close()?;
        Ok(())
    }
}
