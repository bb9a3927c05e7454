//! One darkroom per data directory.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::{Error, Result};

/// Held as long as this process owns the data directory; the system takes it back when the process ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock, or says at once that another has it.
    pub(crate) fn take(path: &Path, data_dir: &Path) -> Result<Self> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(Error::file("open", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { data_dir: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::file("lock", path)(source)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, were it not for a copy of the file in a child that another thread is just starting.
        self.0.unlock().ok();
    }
}
