//! A private PostgreSQL, for `darkroom up` and for tests.
//!
//! [`EmbeddedPostgres::start`] goes through these steps, one file each:
//!
//! 1. `home`: find the directory it may use, as root one that an unprivileged user reaches (`run_as`)
//! 2. `lock`: be the only darkroom in it
//! 3. `locate`: find an installed PostgreSQL, or `download` one
//! 4. `cluster`: create the databases, once
//! 5. `stale`: stop what a killed predecessor left behind
//! 6. `server`: start PostgreSQL under a `watchdog`, and wait until it accepts connections
//!
//! What holds at all times: PostgreSQL listens on the loopback only and asks for a password; it does not outlive
//! its owner, however that ends; files of anybody else are never touched.
//!
//! No table of ours is made here: callers get a connection URL to an empty database and migrate it.

mod cluster;
mod download;
mod embedded;
mod error;
mod home;
mod locate;
mod lock;
mod program;
mod run_as;
mod running;
mod server;
mod server_log;
mod settings;
mod stale;
mod watchdog;

pub use embedded::EmbeddedPostgres;
pub use error::Error;
pub use running::running_url;
pub use settings::Settings;

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
