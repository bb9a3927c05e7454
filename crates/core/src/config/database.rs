//! Settings of where the data is.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reader::Reader;

/// Where the data is.
#[derive(Clone, Debug)]
pub struct Database {
    /// `DATABASE_URL`: the PostgreSQL to use. Without it `darkroom up` runs its own.
    pub url: Option<SecretString>,
    /// `DATABASE_MAX_CONNECTIONS`: the pool of one process. A worker and an API each keep one of them to
    /// listen, and a worker one or two on which no pictures are carried.
    pub max_connections: u32,
    /// `DATABASE_NOTIFY`: wake workers, and tell APIs of changes, by NOTIFY.
    ///
    /// Off is what a pooler in transaction mode needs: then workers look by themselves every second, and APIs answer
    /// each poll from the database.
    pub notify: bool,
    /// `DATA_DIR`: home of the embedded PostgreSQL.
    pub data_dir: PathBuf,
}

impl Database {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let url = reader.secret("DATABASE_URL");
        if let Some(url) = &url {
            reader.check("DATABASE_URL", check_database_url(url));
        }
        Self {
            url,
            max_connections: reader.within("DATABASE_MAX_CONNECTIONS", 10, 3..=10_000),
            notify: reader.value("DATABASE_NOTIFY", true),
            data_dir: reader.value("DATA_DIR", String::from(".darkroom")).into(),
        }
    }
}

fn check_database_url(url: &SecretString) -> Result<(), String> {
    // The reason is left out: it would repeat the URL, and with it the password.
    let parsed = Url::parse(url.expose_secret()).ok();
    match parsed.as_ref().map(Url::scheme) {
        Some("postgres" | "postgresql") => Ok(()),
        _ => Err("must look like postgres://user:password@host:5432/database".into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{read, refuses, takes};

    #[test]
    fn a_process_has_connections_to_listen_to_carry_pictures_and_to_beat() {
        refuses("DATABASE_MAX_CONNECTIONS", &["2", "10001"]);
        takes("DATABASE_MAX_CONNECTIONS", &["3", "10000"]);
    }

    #[test]
    fn a_bad_database_url_does_not_show_its_password() {
        let problems =
            read(&[("DATABASE_URL", "mysql://me:hunter2@db/x")]).unwrap_err().to_string();

        assert!(problems.contains("DATABASE_URL"));
        assert!(!problems.contains("hunter2"));
    }
}
