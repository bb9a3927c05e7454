//! The binary, started as a person or a container starts it.

use std::{
    collections::HashMap,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// The longest that anything here may take, including a first `initdb`.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running `darkroom`, which is killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// Settings for a program that shares nothing with others.
pub(crate) fn settings(data_dir: &Path) -> HashMap<String, String> {
    let data_dir = data_dir.display().to_string();
    let settings =
        [("PORT", "0"), ("SIM_PORT", "0"), ("SIM_LATENCY_MS", "50"), ("DATA_DIR", &data_dir)];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

const DARKROOM: &str = env!("CARGO_BIN_EXE_darkroom");

pub(crate) fn command(words: &[&str], settings: &HashMap<String, String>) -> Command {
    command_of(DARKROOM, words, settings)
}

fn command_of(program: &str, words: &[&str], settings: &HashMap<String, String>) -> Command {
    let mut command = Command::new(program);
    // In a directory without a `.env` file, and with only `PATH` from this process's environment.
    command
        .args(words)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env_clear()
        .env("PATH", path())
        .envs(settings)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Where this process finds programs.
#[expect(clippy::disallowed_methods, reason = "PATH is where programs are found")]
pub(crate) fn path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

impl Program {
    pub(crate) fn start(words: &[&str], settings: &HashMap<String, String>) -> Self {
        Self::spawn(command(words, settings))
    }

    /// Starts it with so few file descriptors, as a shell may allow, and with all that it may have if it asks for them.
    pub(crate) fn start_with_descriptors(
        most: u32,
        words: &[&str],
        settings: &HashMap<String, String>,
    ) -> Self {
        let limited = format!("ulimit -S -n {most} && exec \"$0\" \"$@\"");
        let words = [&["-c", &limited, DARKROOM], words].concat();
        Self::spawn(command_of("sh", &words, settings))
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Starts everything, and waits until it prints its address.
    pub(crate) async fn up(settings: &HashMap<String, String>) -> (Self, String, String) {
        Self::start(&[], settings).home().await
    }

    /// The same, with its log in a file.
    pub(crate) async fn up_logging(
        settings: &HashMap<String, String>,
        log: &Path,
    ) -> (Self, String) {
        let mut command = command(&[], settings);
        command.stderr(std::fs::File::create(log).unwrap());
        let (program, home, _) = Self::spawn(command).home().await;
        (program, home)
    }

    async fn home(self) -> (Self, String, String) {
        let mut program = self;
        let mut text = String::new();
        let home = loop {
            let line = program.line().await;
            if let Some((_, rest)) = line.split_once("API        ") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
            text.push_str(&line);
        };
        while !text.contains("Ctrl-C") {
            text.push_str(&program.line().await);
            text.push('\n');
        }
        (program, home, text)
    }

    async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        line.unwrap().unwrap().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends a signal by name, as `kill` does.
    pub(crate) async fn send(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Sends a signal and waits for the program to end.
    pub(crate) async fn signal(self, name: &str) -> ExitStatus {
        self.send(name).await;
        self.end().await
    }

    /// Waits for the program to end.
    pub(crate) async fn end(mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }
}

/// Runs a command to its end; returns whether it succeeded, and what it printed.
pub(crate) async fn run(words: &[&str], settings: &HashMap<String, String>) -> (bool, String) {
    let mut command = command(words, settings);
    let output = timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The processes whose command line mentions `text`.
pub(crate) async fn processes_with(text: &str) -> Vec<String> {
    let listed = Command::new("ps").args(["-eo", "args"]).output().await.unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.lines().filter(|line| line.contains(text)).map(Into::into).collect()
}
