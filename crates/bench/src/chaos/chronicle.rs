//! What happened when, on the terminal and in a file beside the logs.

use std::{fmt, fs::File, io::Write, path::Path, sync::Mutex};

use tokio::time::{Duration, Instant};

use super::lock;

/// The chronicle of a run.
#[derive(Debug)]
pub(crate) struct Chronicle {
    since: Instant,
    file: Mutex<File>,
}

impl Chronicle {
    pub(super) fn begin(directory: &Path) -> anyhow::Result<Self> {
        let file = File::create(directory.join("chronicle.log"))?;
        Ok(Self { since: Instant::now(), file: Mutex::new(file) })
    }

    /// The time since the chronicle began.
    pub(crate) fn now(&self) -> Duration {
        self.since.elapsed()
    }

    /// Notes a line.
    pub(crate) fn note(&self, line: impl fmt::Display) {
        let line = format!("{:7.1}s  {line}", self.now().as_secs_f64());
        println!("{line}");
        let mut file = lock(&self.file);
        // If this fails, the terminal has the line already.
        writeln!(file, "{line}").ok();
    }
}
