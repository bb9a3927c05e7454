//! The whole of it, from a directory to a connection URL.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::cluster::{self, NAME};
use crate::home::Home;
use crate::locate;
use crate::lock::Lock;
use crate::run_as::RunAs;
use crate::server::{Plan, Server};
use crate::{Error, Result, Settings};

/// A running PostgreSQL that belongs to this process.
///
/// It stops with [`stop`](Self::stop), when dropped, and when this process ends in any way, killed included.
pub struct EmbeddedPostgres {
    // Dropped in this order: the server is asked to stop before another may take the directory.
    server: Server,
    _lock: Lock,
    plan: Plan,
    password: SecretString,
}

impl EmbeddedPostgres {
    /// Starts PostgreSQL, and makes its databases first where there are none.
    pub async fn start(settings: Settings) -> Result<Self> {
        Self::launch(settings, false).await
    }

    /// Starts an empty PostgreSQL for tests: not durable, up to 300 connections, in a directory that goes with it.
    ///
    /// The directory is removed even if this process is killed, or keeps the value in a `static`.
    pub async fn temporary() -> Result<Self> {
        let parent = std::env::temp_dir();
        let directory = tempfile::Builder::new().prefix("darkroom-postgres-").tempdir_in(&parent);
        let directory = directory.map_err(Error::file("make a directory in", &parent))?;
        let settings =
            Settings { durable: false, max_connections: 300, ..Settings::new(directory.path()) };
        let postgres = Self::launch(settings, true).await?;
        if postgres.data_dir() == directory.path() {
            // The watchdog removes it from here on.
            drop(directory.keep());
        }
        Ok(postgres)
    }

    async fn launch(settings: Settings, temporary: bool) -> Result<Self> {
        let run_as = RunAs::choose()?;
        let home = Home::prepare(&settings.data_dir, run_as)?;
        let run_as = run_as.or_owner_of(&home.cluster());
        let lock = Lock::take(&home.lock(), &settings.data_dir)?;
        if temporary {
            // The watchdog removes it, and is no root either.
            run_as.give(home.path())?;
        }
        let installation = locate::locate(&home, &home.binaries(temporary, run_as), run_as).await?;
        let password = cluster::ensure(&home, &installation, run_as, settings.durable).await?;
        let plan = Plan { home, installation, run_as, settings, temporary };
        let server = Server::start(&plan).await?;
        Ok(Self { server, _lock: lock, plan, password })
    }

    /// Where to connect to one of its databases, as superuser. The database `darkroom` exists from the start.
    pub fn url(&self, database: &str) -> SecretString {
        let password = self.password.expose_secret();
        format!("postgres://{NAME}:{password}@127.0.0.1:{}/{database}", self.server.port).into()
    }

    /// The number of its first process, which takes signals for the whole.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// The version of PostgreSQL, in its own words: `17.5`.
    pub fn version(&self) -> &str {
        &self.plan.installation.version
    }

    /// The directory its files are in; for root not always the one that was asked for.
    pub fn data_dir(&self) -> &Path {
        self.plan.home.path()
    }

    /// Returns when PostgreSQL has ended by itself, and says why.
    pub async fn ended(&mut self) -> Error {
        self.server.ended(&self.plan).await
    }

    /// Stops PostgreSQL, whoever is connected, and returns when it is gone.
    pub async fn stop(self) -> Result<()> {
        let Self { server, _lock, plan, .. } = self;
        server.stop(&plan).await?;
        if plan.temporary {
            plan.home.remove();
        }
        Ok(())
    }
}

impl fmt::Debug for EmbeddedPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedPostgres")
            .field("data_dir", &self.plan.home.path())
            .field("port", &self.server.port)
            .field("version", &self.plan.installation.version)
            .finish_non_exhaustive()
    }
}
