//! One role as a process.

use std::{
    env::consts::EXE_SUFFIX,
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

use super::guard::Guard;

/// How much of a log is shown.
const LAST_LINES: usize = 10;

/// The settings that tell roles where fal is.
pub(crate) const FAL_URLS: [&str; 3] = ["FAL_QUEUE_URL", "FAL_REST_URL", "FAL_API_URL"];

/// An address at which nobody listens, so that nothing can be bought by accident.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9/";

/// How a role is started, the same each time.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Its subcommand of `darkroom`, or the bench's own `bare`.
    pub(crate) role: &'static str,
    /// Its name, which differs from that of others of its kind.
    pub(crate) name: String,
    /// Where it listens, if it does.
    pub(crate) port: u16,
    pub(crate) options: Vec<String>,
    /// All environment variables that it gets.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Plan {
    /// A role that is the only one of its kind, on a free port.
    pub(crate) fn of(role: &'static str) -> anyhow::Result<Self> {
        let (options, variables) = (Vec::new(), Vec::new());
        Ok(Self { role, name: role.to_owned(), port: free_port()?, options, variables })
    }
}

/// A running role, killed when dropped.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) plan: Plan,
    pub(crate) log: PathBuf,
    command: Command,
    pub(super) child: Child,
}

impl Role {
    /// Starts a role whose log goes to a file of its name in `logs`, under the guard.
    pub(super) fn start(plan: Plan, logs: &Path, guard: &Guard) -> anyhow::Result<Self> {
        let log = logs.join(format!("{}.log", plan.name));
        // Appended to, so that a role that is started again keeps the lines of its predecessor.
        let file = fs::File::options().create(true).append(true).open(&log)?;
        let mut command = Command::new(program(plan.role)?);
        command
            .arg(plan.role)
            .args(&plan.options)
            .env_clear()
            .envs(plan.variables.iter().map(|(name, value)| (*name, value.as_str())))
            // No `.env` there.
            .current_dir(logs)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true);
        match plan.role {
            "sim" | "bare" => command.arg("--port").arg(plan.port.to_string()),
            _ => command.env("PORT", plan.port.to_string()),
        };
        guard.watch(&mut command)?;
        let child = spawn(&mut command, &plan)?;
        Ok(Self { plan, log, command, child })
    }

    /// Starts it once more, after it has ended.
    pub(crate) fn start_anew(&mut self) -> anyhow::Result<()> {
        self.child = spawn(&mut self.command, &self.plan)?;
        Ok(())
    }

    /// Ends it at once, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The id of the process.
    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().with_context(|| format!("{} has ended", self.plan.name))
    }

    /// Prints to standard error whether it still runs, and the end of its log, which may show the reason of a failure.
    #[expect(clippy::print_stderr, reason = "standard output is for tables")]
    pub(crate) fn tell_last_words(&mut self) {
        let state = match self.child.try_wait() {
            Ok(Some(status)) => format!("ended ({status})"),
            Ok(None) => "runs".to_owned(),
            Err(error) => error.to_string(),
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.split_at(lines.len().saturating_sub(LAST_LINES)).1;
        eprintln!("\n{} {state}; its log ends:\n{}", self.plan.name, last.join("\n"));
    }
}

fn spawn(command: &mut Command, plan: &Plan) -> anyhow::Result<Child> {
    command.spawn().with_context(|| format!("{} does not start", plan.name))
}

fn program(role: &str) -> anyhow::Result<PathBuf> {
    let bench = std::env::current_exe()?;
    if role == "bare" {
        return Ok(bench);
    }
    let darkroom = bench.with_file_name(format!("darkroom{EXE_SUFFIX}"));
    if !darkroom.exists() {
        bail!(
            "{} is missing: build it first, with `cargo build --workspace`, and `--release` where this one is",
            darkroom.display()
        );
    }
    Ok(darkroom)
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
