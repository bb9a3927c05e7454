//! Starts PostgreSQL, waits until it accepts connections, and stops it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::home::Home;
use crate::locate::Installation;
use crate::run_as::RunAs;
use crate::{Error, Result, Settings, server_log, stale, watchdog};

/// How often a process or its file is looked at.
const INTERVAL: Duration = Duration::from_millis(10);
/// How often a process is looked at that is not expected to end.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);
/// Long, because replaying the log after a crash takes its time.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// How long to try again what passes by itself.
const RETRY_FOR: Duration = Duration::from_secs(10);
/// A fast shutdown writes everything out once.
const STOPPED_WITHIN: Duration = Duration::from_mins(1);

/// Ends of a start that pass by themselves: the port was taken in between, or a killed PostgreSQL is still dying.
const PASSING: [&str; 3] = [
    "could not create any TCP/IP sockets",
    "is still in use",
    "lock file \"postmaster.pid\" already exists",
];

/// What a start needs.
pub(crate) struct Plan {
    pub(crate) home: Home,
    pub(crate) installation: Installation,
    pub(crate) run_as: RunAs,
    pub(crate) settings: Settings,
    /// Whether everything is removed at the end.
    pub(crate) temporary: bool,
}

/// A PostgreSQL that accepts connections. Dropped, it is asked to stop.
pub(crate) struct Server {
    process: Child,
    /// Open as long as PostgreSQL shall run.
    lifeline: Option<ChildStdin>,
    pub(crate) port: u16,
}

impl Server {
    /// Starts PostgreSQL on a free port.
    pub(crate) async fn start(plan: &Plan) -> Result<Self> {
        let deadline = Instant::now() + RETRY_FOR;
        loop {
            stale::settle(&plan.home, &plan.installation, plan.run_as).await?;
            match Self::try_start(plan).await {
                Err(Error::Ended { tail, .. }) if passes(&tail) && Instant::now() < deadline => {
                    sleep(INTERVAL * 10).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_start(plan: &Plan) -> Result<Self> {
        let mut server = Self::spawn(plan)?;
        let pid_file = plan.home.cluster().join("postmaster.pid");
        let log = plan.home.log();
        let deadline = Instant::now() + READY_WITHIN;
        while !is_ready(&pid_file, server.process.id()) {
            let wait = server.process.try_wait();
            if wait
                .map_err(Error::file("wait for", &plan.installation.program("postgres")))?
                .is_some()
            {
                server.dismiss_watchdog();
                return Err(Error::Ended { tail: server_log::tail(&log), log });
            }
            if Instant::now() > deadline {
                server.process.kill().ok();
                let seconds = READY_WITHIN.as_secs();
                return Err(Error::TooSlow { seconds, tail: server_log::tail(&log), log });
            }
            sleep(INTERVAL).await;
        }
        Ok(server)
    }

    fn spawn(plan: &Plan) -> Result<Self> {
        let log = plan.home.log();
        let file = server_log::begin(&log)?;
        let copy = file.try_clone().map_err(Error::file("open", &log))?;
        let port = free_port()?;
        let remove = plan.temporary.then_some(plan.home.path());
        let mut command = watchdog::command(&plan.installation, plan.run_as, remove);
        command.arg("-D").arg(plan.home.cluster()).args(["-p", &port.to_string()]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        for option in plan.settings.options() {
            command.args(["-c", &option]);
        }
        let mut process =
            command.stdin(Stdio::piped()).stdout(copy).stderr(file).spawn().map_err(|source| {
                let program = plan.installation.program("postgres");
                Error::NotRun { program, source }
            })?;
        let lifeline = process.stdin.take();
        Ok(Self { process, lifeline, port })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    fn dismiss_watchdog(&mut self) {
        if let Some(lifeline) = self.lifeline.take() {
            watchdog::dismiss(lifeline);
        }
    }

    /// Returns when the process has ended by itself, and says why.
    pub(crate) async fn ended(&mut self, plan: &Plan) -> Error {
        loop {
            match self.process.try_wait() {
                Ok(None) => sleep(WATCH_INTERVAL).await,
                Ok(Some(_status)) => {
                    self.dismiss_watchdog();
                    let log = plan.home.log();
                    return Error::EndedByItself { tail: server_log::tail(&log), log };
                }
                Err(error) => {
                    return Error::file("wait for", &plan.installation.program("postgres"))(error);
                }
            }
        }
    }

    /// A fast shutdown: sessions are ended, nothing committed is lost. Returns when the process is gone.
    pub(crate) async fn stop(mut self, plan: &Plan) -> Result<()> {
        self.ask_to_stop(plan).await?;
        let waiting = Error::file("wait for", &plan.installation.program("postgres"));
        match self.ended_within(STOPPED_WITHIN).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                tracing::warn!(
                    "PostgreSQL does not stop: killing it; the next start recovers its data"
                );
                self.process.kill().and_then(|()| self.process.wait()).map(drop).map_err(waiting)
            }
            Err(error) => Err(waiting(error)),
        }
    }

    #[cfg(unix)]
    #[expect(clippy::unused_async, reason = "elsewhere it runs a program")]
    async fn ask_to_stop(&mut self, _plan: &Plan) -> Result<()> {
        drop(self.lifeline.take());
        Ok(())
    }

    #[cfg(not(unix))]
    async fn ask_to_stop(&mut self, plan: &Plan) -> Result<()> {
        let mut pg_ctl = plan.installation.command("pg_ctl", plan.run_as);
        pg_ctl.args(["stop", "-m", "fast", "-W", "-D"]).arg(plan.home.cluster());
        crate::program::run(pg_ctl, "").await.map(drop)
    }

    async fn ended_within(&mut self, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.process.try_wait()?;
            if status.is_some() || Instant::now() > deadline {
                return Ok(status);
            }
            sleep(INTERVAL).await;
        }
    }
}

/// Whether the file is this process's, and says `ready` in its eighth line.
fn is_ready(pid_file: &Path, pid: u32) -> bool {
    let text = std::fs::read_to_string(pid_file).unwrap_or_default();
    let mut lines = text.lines().map(str::trim);
    lines.next() == Some(&pid.to_string()) && lines.nth(6) == Some("ready")
}

fn passes(log: &str) -> bool {
    PASSING.iter().any(|sentence| log.contains(sentence))
}

/// Free now; another may take it before PostgreSQL does, and then the start is tried again.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::NoPort)?;
    Ok(listener.local_addr().map_err(Error::NoPort)?.port())
}
