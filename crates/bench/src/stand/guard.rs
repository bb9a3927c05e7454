//! Makes sure that no role outlives the bench, even if the role is stopped (SIGSTOP) or the bench is killed.

use tokio::process::Command;

/// A process group of the roles, which ends with its owner.
///
/// The terminal's Ctrl-C does not reach it, either: the bench itself says when a role ends. On systems without process
/// groups, it guards nothing.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Our end of its pipe closes when this is dropped, or our process ends.
    #[cfg(unix)]
    shell: tokio::process::Child,
}

#[cfg(unix)]
impl Guard {
    pub(crate) fn post() -> anyhow::Result<Self> {
        use std::process::Stdio;
        let shell = Command::new("/bin/sh")
            .args(["-c", include_str!("guard.sh")])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { shell })
    }

    /// Lets a role join the group.
    pub(crate) fn watch(&self, command: &mut Command) -> anyhow::Result<()> {
        command.process_group(i32::try_from(self.group()?)?);
        Ok(())
    }

    /// The group's number, which is the guard's own, too.
    pub(crate) fn group(&self) -> anyhow::Result<u32> {
        use anyhow::Context;
        self.shell.id().context("the guard of the roles has ended")
    }
}

#[cfg(not(unix))]
impl Guard {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it starts a shell")]
    pub(crate) fn post() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "elsewhere there are groups")]
    pub(crate) fn watch(&self, _command: &mut Command) -> anyhow::Result<()> {
        Ok(())
    }
}
