//! A PostgreSQL that really writes to disk, in a directory that goes with it.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use anyhow::Context;
use darkroom_core::db::Pool;
use darkroom_embedded_postgres::{EmbeddedPostgres, Settings};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::sync::Mutex;
use url::Url;
#[cfg(unix)]
use {
    rustix::process::Signal,
    std::pin::pin,
    tokio::time::{Duration, sleep, timeout},
};

/// The database of the roles.
pub(crate) const DATABASE: &str = "darkroom";

/// A durable PostgreSQL. Stops when dropped, too, but [`stop`](Self::stop) waits for its end.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// `None` only while it is restarted.
    server: Mutex<Option<EmbeddedPostgres>>,
    settings: Settings,
    url: Url,
    port: Arc<AtomicU16>,
    version: String,
    directory: TempDir,
}

/// How long a fast shutdown may take. One that takes longer hangs, as was seen when one came during a recovery.
#[cfg(unix)]
const FAST: Duration = Duration::from_secs(10);

/// How PostgreSQL ends (source: PostgreSQL, `pg_ctl`).
#[cfg(unix)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shutdown {
    /// Sessions are ended, and everything is written out.
    Fast,
    /// Everything is dropped; the next start recovers.
    Immediate,
}

impl Postgres {
    pub(super) async fn start(max_connections: u16, preload: &str) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("darkroom-bench-").tempdir()?;
        let preloaded = ("shared_preload_libraries".to_owned(), preload.to_owned());
        let parameters = vec![preloaded];
        let settings = Settings { max_connections, parameters, ..Settings::new(directory.path()) };
        let server = EmbeddedPostgres::start(settings.clone()).await?;
        let url = Url::parse(server.url(DATABASE).expose_secret())?;
        let port = Arc::new(AtomicU16::new(port_of(&url)?));
        let version = server.version().to_owned();
        Ok(Self { server: Mutex::new(Some(server)), settings, url, port, version, directory })
    }

    /// Its address, with its present port.
    pub(crate) fn url(&self) -> anyhow::Result<SecretString> {
        self.url_at(self.port.load(Ordering::Acquire))
    }

    /// Its address with another port, for example a proxy's.
    pub(crate) fn url_at(&self, port: u16) -> anyhow::Result<SecretString> {
        let mut url = self.url.clone();
        url.set_port(Some(port)).ok().context("PostgreSQL's URL has no host")?;
        Ok(String::from(url).into())
    }

    /// Its own port, which is another one after each start.
    #[cfg(unix)]
    pub(crate) fn port(&self) -> Arc<AtomicU16> {
        Arc::clone(&self.port)
    }

    /// Ends it, and starts it again after a while.
    #[cfg(unix)]
    pub(crate) async fn restart(&self, shutdown: Shutdown, down: Duration) -> anyhow::Result<()> {
        let mut server = self.server.lock().await;
        let running = server.take().context("PostgreSQL does not run")?;
        let pid = running.pid();
        let end_at_once = || super::signals::send(pid, Signal::QUIT);
        if shutdown == Shutdown::Immediate {
            end_at_once()?;
        }
        let mut stopping = pin!(running.stop());
        if timeout(FAST, &mut stopping).await.is_err() {
            end_at_once()?;
            stopping.await?;
        }
        sleep(down).await;
        let started = EmbeddedPostgres::start(self.settings.clone()).await?;
        let url = Url::parse(started.url(DATABASE).expose_secret())?;
        self.port.store(port_of(&url)?, Ordering::Release);
        *server = Some(started);
        Ok(())
    }

    /// Its version, its settings for the durability of commits, and `shared_buffers`.
    pub(crate) async fn describe(&self, pool: &Pool) -> anyhow::Result<String> {
        let (fsync, commit, buffers): (String, String, String) = sqlx::query_as(
            "select current_setting('fsync'), current_setting('synchronous_commit'),
                 current_setting('shared_buffers')",
        )
        .fetch_one(pool)
        .await?;
        let version = &self.version;
        Ok(format!(
            "PostgreSQL {version}: fsync {fsync}, synchronous_commit {commit}, \
             shared_buffers {buffers}."
        ))
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        let Some(server) = self.server.into_inner() else {
            return Ok(());
        };
        let home = server.data_dir().to_owned();
        server.stop().await?;
        if home != self.directory.path() {
            // PostgreSQL's user could not reach the temporary directory, so that another one was taken.
            std::fs::remove_dir_all(home)?;
        }
        self.directory.close()?;
        Ok(())
    }
}

fn port_of(url: &Url) -> anyhow::Result<u16> {
    url.port().context("PostgreSQL's URL has no port")
}
