//! `darkroom edit` as a process, in a directory of its own.

use std::{collections::HashMap, fs, path::Path, process::Stdio};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    time::timeout,
};

use crate::program::{PATIENCE, command};

pub(crate) struct Editing {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    said: String,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    /// What went to standard error.
    pub(crate) said: String,
}

impl Editing {
    /// Starts `darkroom edit` with these arguments, for the API at this address.
    pub(crate) fn start(directory: &TempDir, url: &str, words: &[&str]) -> Self {
        Self::start_with(directory, words, &[("DARKROOM_URL", url)], Stdio::null())
    }

    /// The same, with these settings and this standard input.
    pub(crate) fn start_with(
        directory: &TempDir,
        words: &[&str],
        settings: &[(&str, &str)],
        stdin: Stdio,
    ) -> Self {
        let settings: HashMap<_, _> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let words: Vec<_> = ["edit"].iter().chain(words).copied().collect();
        let mut command = command(&words, &settings);
        command.current_dir(directory.path()).stdin(stdin);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, said: String::new() }
    }

    /// Waits until it prints this to standard error.
    pub(crate) async fn says(&mut self, text: &str) {
        while !self.said.contains(text) {
            let line = timeout(PATIENCE, self.lines.next_line()).await.unwrap().unwrap();
            let line = line.unwrap_or_else(|| unreachable!("it ended: {}", self.said));
            self.said.push_str(&line);
            self.said.push('\n');
        }
    }

    /// Sends a signal by name, as `kill` does.
    pub(crate) async fn send(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &id]).status().await.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ended {
        let mut stdout = Vec::new();
        let mut pipe = self.child.stdout.take().unwrap();
        let ending = async {
            let reading = pipe.read_to_end(&mut stdout);
            let saying = async {
                while let Some(line) = self.lines.next_line().await.unwrap() {
                    self.said.push_str(&line);
                    self.said.push('\n');
                }
            };
            tokio::join!(reading, saying).0.unwrap();
            self.child.wait().await.unwrap()
        };
        let code = timeout(PATIENCE, ending).await.unwrap().code().unwrap();
        Ended { code, stdout, said: self.said }
    }
}

impl Ended {
    /// The lines of its standard output, which must be text.
    pub(crate) fn lines(&self) -> Vec<&str> {
        std::str::from_utf8(&self.stdout).unwrap().lines().collect()
    }
}

/// The names of all files in a directory, including hidden ones.
pub(crate) fn files(directory: &Path) -> Vec<String> {
    let files = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
