//! Finds the PostgreSQL to run: an installed one, newest first, and only then a downloaded one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::home::Home;
use crate::run_as::RunAs;
use crate::{Error, Result, cluster, download, program};

/// Where installers put it: a directory, what the names in it begin with, and what follows.
const PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    (r"C:\Program Files\PostgreSQL", "", "bin"),
];

/// PostgreSQL's programs, of one version.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    bin: PathBuf,
    /// As PostgreSQL says it: `17.5`.
    pub(crate) version: String,
}

impl Installation {
    /// One of its programs, to be run by PostgreSQL's user.
    pub(crate) fn command(&self, program: &str, run_as: RunAs) -> Command {
        run_as.command(executable(&self.bin, program))
    }

    /// One of its programs.
    pub(crate) fn program(&self, program: &str) -> PathBuf {
        executable(&self.bin, program)
    }

    fn major(&self) -> &str {
        let end = self.version.find(|letter: char| !letter.is_ascii_digit());
        self.version.get(..end.unwrap_or(self.version.len())).unwrap_or_default()
    }

    /// `18.1` is newer than `9.6`, and `17.10` than `17.9`.
    fn rank(&self) -> (u32, u32) {
        let minor = self.version.split('.').nth(1).and_then(|minor| minor.parse().ok());
        (self.major().parse().unwrap_or(0), minor.unwrap_or(0))
    }
}

/// The newest PostgreSQL that can run the data in `home`.
pub(crate) async fn locate(home: &Home, binaries: &Path, run_as: RunAs) -> Result<Installation> {
    let wanted = cluster::written_by(home)?;
    let fits = |found: &Installation| wanted.as_deref().is_none_or(|major| major == found.major());

    let installed = probe(installed(), run_as).await;
    let downloaded = probe(subdirectories(binaries, "", "bin"), run_as).await;
    if let Some(found) = installed.iter().chain(&downloaded).find(|found| fits(found)) {
        return Ok(found.clone());
    }
    if let (Some(wanted), Some(newest)) = (&wanted, installed.first()) {
        return Err(Error::OtherVersion {
            data_dir: home.path().to_owned(),
            wanted: wanted.clone(),
            found: newest.version.clone(),
        });
    }
    let bin = download::download(binaries, wanted.as_deref()).await?;
    let version = version(&bin, run_as).await?;
    Ok(Installation { bin, version })
}

#[expect(clippy::disallowed_methods, reason = "PATH is where programs are found, not a setting")]
fn installed() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&path).filter_map(|directory| std::path::absolute(directory).ok());
    let elsewhere = PLACES
        .iter()
        .flat_map(|(parent, prefix, then)| subdirectories(Path::new(parent), prefix, then));
    on_path.chain(elsewhere).collect()
}

fn subdirectories(parent: &Path, prefix: &str, then: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(then))
        .collect()
}

/// Keeps what runs, newest first.
async fn probe(bins: Vec<PathBuf>, run_as: RunAs) -> Vec<Installation> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for bin in bins {
        let Ok(postgres) = executable(&bin, "postgres").canonicalize() else {
            continue;
        };
        if executable(&bin, "initdb").exists()
            && seen.insert(postgres)
            && let Ok(version) = version(&bin, run_as).await
        {
            found.push(Installation { bin, version });
        }
    }
    found.sort_by_key(|installation| std::cmp::Reverse(installation.rank()));
    found
}

async fn version(bin: &Path, run_as: RunAs) -> Result<String> {
    let mut postgres = run_as.command(executable(bin, "postgres"));
    postgres.arg("--version");
    // `postgres (PostgreSQL) 17.5 (Debian 17.5-1)`
    let printed = program::run(postgres, "").await?;
    Ok(printed.split_whitespace().nth(2).unwrap_or_default().to_owned())
}

fn executable(bin: &Path, program: &str) -> PathBuf {
    bin.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let rank = |version: &str| {
            Installation { bin: PathBuf::new(), version: version.to_owned() }.rank()
        };

        assert!(rank("18.0") > rank("9.6.24"));
        assert!(rank("17.10") > rank("17.9"));
        assert_eq!(rank("19beta1"), (19, 0));
    }
}
