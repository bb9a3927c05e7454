//! The directory PostgreSQL's files live in.
//!
//! | name | what |
//! |---|---|
//! | `darkroom.lock` | held by the darkroom that uses the directory |
//! | `password` | of the superuser; tells a directory of ours from any other |
//! | `cluster` | PostgreSQL's own data directory |
//! | `cluster.new-…` | one being made; left behind only by an interruption |
//! | `postgres.log` | of the latest start |
//! | `binaries` | a downloaded PostgreSQL |

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::run_as::RunAs;
use crate::{Error, Result};

/// Where root's data goes when its own directory is closed to everybody else.
const FOR_ROOT: &str = "/var/lib/darkroom";

/// A directory that is ours, and exists.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    path: PathBuf,
}

impl Home {
    /// Makes the directory ready, or another one where PostgreSQL's user cannot reach it.
    pub(crate) fn prepare(data_dir: &Path, run_as: RunAs) -> Result<Self> {
        let data_dir = std::path::absolute(data_dir).map_err(Error::file("find", data_dir))?;
        refuse_foreign(&data_dir)?;
        if existing_ancestor(&data_dir).is_none_or(|ancestor| run_as.reaches(ancestor)) {
            return Self::create(data_dir, run_as);
        }
        let home = Path::new(FOR_ROOT).join(stable_hash(&data_dir));
        tracing::info!(
            "{} is closed to the user PostgreSQL runs as: its data is in {}",
            data_dir.display(),
            home.display()
        );
        refuse_foreign(&home)?;
        Self::create(home, run_as)
    }

    /// Where it may be, without making it.
    pub(crate) fn candidates(data_dir: &Path) -> Vec<Self> {
        let Ok(data_dir) = std::path::absolute(data_dir) else { return Vec::new() };
        let for_root = Path::new(FOR_ROOT).join(stable_hash(&data_dir));
        [data_dir, for_root].map(|path| Self { path }).into()
    }

    fn create(path: PathBuf, run_as: RunAs) -> Result<Self> {
        let missing: Vec<_> = path.ancestors().take_while(|path| !path.exists()).collect();
        fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
        let (new, mode) = if run_as.is_another() { (missing, 0o711) } else { (Vec::new(), 0o700) };
        for directory in new.into_iter().chain([path.as_path()]) {
            set_mode(directory, mode)?;
        }
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes everything. The watchdog may be at it as well.
    pub(crate) fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.path)
            && self.path.exists()
        {
            tracing::warn!("could not remove {}: {error}", self.path.display());
        }
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.path.join("darkroom.lock")
    }

    pub(crate) fn password(&self) -> PathBuf {
        self.path.join("password")
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.path.join("cluster")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// Where a PostgreSQL is downloaded to: once for all temporary homes.
    pub(crate) fn binaries(&self, temporary: bool, run_as: RunAs) -> PathBuf {
        match std::env::home_dir() {
            // The user PostgreSQL runs as cannot look into root's own directory.
            _ if temporary && run_as.is_another() => Path::new(FOR_ROOT).join("binaries"),
            Some(user) if temporary => user.join(".cache/darkroom/binaries"),
            _ => self.path.join("binaries"),
        }
    }
}

/// Ours is a directory that is empty, or has our password, or was left at the very first start.
fn refuse_foreign(path: &Path) -> Result<()> {
    let home = Home { path: path.to_owned() };
    let mut entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    let interrupted = home.lock().exists() && !home.cluster().exists();
    if entries.next().is_none() || home.password().exists() || interrupted {
        return Ok(());
    }
    Err(Error::Foreign { data_dir: path.to_owned() })
}

/// The directory itself does not count: it is ours to open.
fn existing_ancestor(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|ancestor| ancestor.exists())
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(Error::file("change the mode of", path))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> Result<()> {
    Ok(())
}

/// FNV-1a: the standard library's hash may change with its version, and the data would be lost.
fn stable_hash(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_path_never_changes() {
        assert_eq!(stable_hash(Path::new("")), "cbf29ce484222325");
        assert_eq!(stable_hash(Path::new("foobar")), "85944171f73967e8");
    }
}
