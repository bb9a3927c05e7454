//! What the tests share.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use darkroom_embedded_postgres::{EmbeddedPostgres, Settings};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A directory for a data directory that does not exist yet.
pub(crate) struct Place {
    parent: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let parent = TempDir::new().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(parent.path(), std::fs::Permissions::from_mode(0o755))
                .unwrap();
        }
        Self { parent }
    }

    pub(crate) fn parent(&self) -> &Path {
        self.parent.path()
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.parent.path().join("postgres")
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.data_dir().join("cluster")
    }

    pub(crate) fn pid_file(&self) -> PathBuf {
        self.cluster().join("postmaster.pid")
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings { durable: false, ..Settings::new(self.data_dir()) }
    }

    pub(crate) async fn start(&self) -> EmbeddedPostgres {
        EmbeddedPostgres::start(self.settings()).await.unwrap()
    }
}

pub(crate) async fn connect(postgres: &EmbeddedPostgres) -> PgConnection {
    PgConnection::connect(postgres.url("darkroom").expose_secret()).await.unwrap()
}

pub(crate) async fn ask(postgres: &EmbeddedPostgres, question: &'static str) -> String {
    sqlx::query_scalar(question).fetch_one(&mut connect(postgres).await).await.unwrap()
}

/// Looks again and again, for what another process does.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process runs. One that ended and was not waited for does not.
#[cfg(target_os = "linux")]
pub(crate) fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}
