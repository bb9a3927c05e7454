//! Creates PostgreSQL's data directory, once.
//!
//! It is made beside its final name and renamed when complete, so one that exists is whole.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};

use crate::home::Home;
use crate::locate::Installation;
use crate::run_as::RunAs;
use crate::{Error, Result, program};

/// The superuser, and the database made for it.
pub(crate) const NAME: &str = "darkroom";

/// What the names of unfinished clusters, and of what they need, begin with.
const UNFINISHED: &str = "cluster.new-";

/// The major version that wrote the data, or `None` before the first start.
pub(crate) fn written_by(home: &Home) -> Result<Option<String>> {
    let path = home.cluster().join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(version) => Ok(Some(version.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound && !home.cluster().exists() => Ok(None),
        Err(error) => Err(Error::file("read", &path)(error)),
    }
}

/// Creates the cluster where there is none, and returns the superuser's password.
pub(crate) async fn ensure(
    home: &Home,
    installation: &Installation,
    run_as: RunAs,
    durable: bool,
) -> Result<SecretString> {
    remove_unfinished(home);
    if !home.cluster().exists() {
        create(home, installation, run_as, durable).await?;
    }
    let path = home.password();
    let password = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    Ok(password.trim().into())
}

async fn create(
    home: &Home,
    installation: &Installation,
    run_as: RunAs,
    durable: bool,
) -> Result<()> {
    let password = SecretString::from(Alphanumeric.sample_string(&mut rand::rng(), 32));
    // A name never used before: an `initdb` that outlived its killed darkroom must not clean up in here.
    let name = Alphanumeric.sample_string(&mut rand::rng(), 8);
    let fresh = home.path().join(format!("{UNFINISHED}{name}"));
    fs::create_dir(&fresh).map_err(Error::file("create", &fresh))?;
    run_as.give(&fresh)?;

    // PostgreSQL's user must read it, so it cannot be our own password file.
    let password_file = home.path().join(format!("{UNFINISHED}{name}.password"));
    write_private(&password_file, &password)?;
    run_as.give(&password_file)?;
    let initialised = initialise(&fresh, &password_file, installation, run_as).await;
    remove_if_there(&password_file)?;
    initialised?;
    create_database(&fresh, installation, run_as).await?;
    if durable {
        let mut sync = installation.command("initdb", run_as);
        sync.arg("--sync-only").arg("-D").arg(&fresh);
        program::run(sync, "").await?;
    }
    remove_if_there(&home.password())?;
    write_private(&home.password(), &password)?;
    fs::rename(&fresh, home.cluster()).map_err(Error::file("rename", &fresh))
}

async fn initialise(
    fresh: &Path,
    password_file: &Path,
    installation: &Installation,
    run_as: RunAs,
) -> Result<()> {
    let mut initdb = installation.command("initdb", run_as);
    initdb.arg("-D").arg(fresh).arg("--pwfile").arg(password_file);
    initdb.args([
        "-U",
        NAME,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    ]);
    program::run(initdb, "").await.map(drop)
}

/// In single-user mode: it needs neither a server nor any client program.
async fn create_database(fresh: &Path, installation: &Installation, run_as: RunAs) -> Result<()> {
    let mut postgres = installation.command("postgres", run_as);
    postgres
        .args(["--single", "-c", "exit_on_error=on", "-c", "fsync=off", "-D"])
        .arg(fresh)
        .arg("template1");
    program::run(postgres, &format!("CREATE DATABASE {NAME};\n")).await.map(drop)
}

/// As far as it goes: an `initdb` that outlived its darkroom may still be writing, and the next start comes by too.
fn remove_unfinished(home: &Home) {
    for entry in fs::read_dir(home.path()).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove_if_there(&entry.path()).ok();
        }
    }
}

fn remove_if_there(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn write_private(path: &Path, secret: &SecretString) -> Result<()> {
    let mut options = fs::File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(Error::file("create", path))?;
    let written = file.write_all(secret.expose_secret().as_bytes()).and_then(|()| file.sync_all());
    written.map_err(Error::file("write", path))
}
