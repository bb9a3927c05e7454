//! Skews one worker's clock with libfaketime. The database's clock decides everything, so this must change nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where Debian's package `libfaketime` puts it, by architecture.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// The clock of a process.
#[derive(Debug)]
pub(crate) struct Clock {
    library: &'static str,
    /// The file that says how far the clock is off.
    file: PathBuf,
}

impl Clock {
    /// A clock that is right at first; `None` if the library is not installed.
    pub(super) fn find(directory: &Path) -> anyhow::Result<Option<Self>> {
        let Some(library) = LIBRARIES.into_iter().find(|path| Path::new(path).exists()) else {
            return Ok(None);
        };
        let clock = Self { library, file: directory.join("clock") };
        clock.set(0)?;
        Ok(Some(clock))
    }

    /// Sets the clock this many minutes off; the process sees it within a second.
    pub(crate) fn set(&self, minutes: i64) -> anyhow::Result<()> {
        Ok(fs::write(&self.file, format!("{minutes:+}m\n"))?)
    }

    /// For the environment of the process.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            // Only the wall clock is wrong: waits, which use the monotonic clock, must last as long as they should.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}
