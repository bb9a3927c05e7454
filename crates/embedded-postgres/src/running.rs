//! Somebody else's, while it runs.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::Path,
};

use secrecy::SecretString;

use crate::{cluster::NAME, home::Home};

/// The line of `postmaster.pid` that has the port (source: PostgreSQL, `miscadmin.h`).
const PORT_LINE: usize = 3;

/// Where to connect to a database of the PostgreSQL that runs in this directory, as superuser; nothing where none
/// does, or its password may not be read.
pub fn running_url(data_dir: &Path, database: &str) -> Option<SecretString> {
    Home::candidates(data_dir).iter().find_map(|home| {
        let password = fs::read_to_string(home.password()).ok()?;
        let process = fs::read_to_string(home.cluster().join("postmaster.pid")).ok()?;
        let port: u16 = process.lines().nth(PORT_LINE)?.trim().parse().ok()?;
        // The file may be left of one that was killed.
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        let password = password.trim();
        Some(format!("postgres://{NAME}:{password}@127.0.0.1:{port}/{database}").into())
    })
}
