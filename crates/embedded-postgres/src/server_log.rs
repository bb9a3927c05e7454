//! What PostgreSQL wrote to its log.

use std::fs::{self, File};
use std::path::Path;

use crate::{Error, Result};

/// Enough to see why a start failed, little enough for a terminal.
const LINES: usize = 20;

/// Begins the log anew, readable by us only: it may quote statements.
pub(crate) fn begin(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(Error::file("create", path))
}

/// The end of the log, or nothing where there is none.
pub(crate) fn tail(path: &Path) -> String {
    last_lines(&String::from_utf8_lossy(&fs::read(path).unwrap_or_default()))
}

/// The last lines of a text.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}
