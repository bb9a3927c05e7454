//! Who runs PostgreSQL: we ourselves, or, since it refuses root, an unprivileged user.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::{Error, Result};

/// What PostgreSQL's programs are told of our environment: where programs, libraries and temporary files are, and the
/// time zone. Windows starts hardly any program without the last four.
const PASSED_ON: [&str; 10] = [
    "PATH",
    "HOME",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "COMSPEC",
    "TEMP",
    "TMP",
];

/// The user PostgreSQL's programs run as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunAs {
    /// Set only where this process is root's.
    user: Option<User>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct User {
    uid: u32,
    gid: u32,
}

impl RunAs {
    /// Ourselves, or as root `postgres` where it exists, else `nobody`.
    pub(crate) fn choose() -> Result<Self> {
        if !is_root() {
            return Ok(Self { user: None });
        }
        let passwd = Path::new("/etc/passwd");
        let passwd = std::fs::read_to_string(passwd).map_err(Error::file("read", passwd))?;
        // `initdb` wants a user with a name, so no number of our own choice.
        let user = find(&passwd, "postgres").or_else(|| find(&passwd, "nobody"));
        user.map(|user| Self { user: Some(user) }).ok_or(Error::NoUnprivilegedUser)
    }

    /// As root, the user who owns the data already, should the choice have changed since.
    pub(crate) fn or_owner_of(self, cluster: &Path) -> Self {
        match (self.user, owner(cluster)) {
            (Some(_), Some(user)) if user.uid != 0 => Self { user: Some(user) },
            _ => self,
        }
    }

    /// Whether this process is root's, and PostgreSQL another's.
    pub(crate) fn is_another(self) -> bool {
        self.user.is_some()
    }

    /// A command that runs as this user. Of the environment, which may hold secrets, it has only what programs need.
    #[expect(clippy::disallowed_methods, reason = "what is passed on are not settings of ours")]
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // Log lines are compared with English ones.
        command.env("LC_ALL", "C");
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // The directory we are in may be closed to the user.
            command.current_dir("/");
            if let Some(User { uid, gid }) = self.user {
                command.uid(uid).gid(gid);
            }
        }
        command
    }

    /// Whether the user reaches this directory. Asked of the system, which knows more than mode bits.
    pub(crate) fn reaches(self, directory: &Path) -> bool {
        let Some(_) = self.user else { return true };
        let enter =
            self.command("/bin/sh").args(["-c", "cd -- \"$1\"", "sh"]).arg(directory).output();
        enter.is_ok_and(|output| output.status.success())
    }

    /// Makes the user the owner of a file or directory.
    pub(crate) fn give(self, path: &Path) -> Result<()> {
        #[cfg(unix)]
        if let Some(User { uid, gid }) = self.user {
            std::os::unix::fs::chown(path, Some(uid), Some(gid))
                .map_err(Error::file("change the owner of", path))?;
        }
        Ok(())
    }
}

/// Finds a user in the text of `/etc/passwd`.
fn find(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(User { uid, gid })
    })
}

#[cfg(unix)]
fn owner(path: &Path) -> Option<User> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some(User { uid: metadata.uid(), gid: metadata.gid() })
}

#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<User> {
    None
}

/// Whether this process is root's. The standard library cannot say, `id` can.
fn is_root() -> bool {
    cfg!(unix)
        && Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:101:104:,,,:/var:/bin/sh\n";

        assert_eq!(find(passwd, "postgres"), Some(User { uid: 101, gid: 104 }));
        assert_eq!(find(passwd, "nobody"), None);
    }

    #[test]
    fn a_user_without_a_plain_number_is_passed_over() {
        assert_eq!(find("nobody:*:-2:-2::/:/bin/false", "nobody"), None);
    }
}
