//! Another process that owns a PostgreSQL, to be killed.

use std::io::{BufRead, BufReader, Write, stdin};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use darkroom_embedded_postgres::{EmbeddedPostgres, Settings};

/// This test binary once more, running [`hold`] only.
pub(crate) struct Holder {
    process: Child,
    _open: ChildStdin,
    /// The process id of its PostgreSQL.
    pub(crate) postgres: u32,
    /// Where its PostgreSQL keeps its files.
    pub(crate) data_dir: String,
}

impl Holder {
    /// Starts PostgreSQL in `data_dir`, or a temporary one.
    pub(crate) fn start(data_dir: Option<&Path>) -> Self {
        let (mut process, open) = begin(data_dir);
        let printed = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = printed
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("holding ")?.1.to_owned()));
        let ready = ready.expect("the other process starts PostgreSQL");
        let (postgres, data_dir) = ready.split_once(' ').unwrap();
        Self {
            process,
            _open: open,
            postgres: postgres.parse().unwrap(),
            data_dir: data_dir.to_owned(),
        }
    }

    /// With SIGKILL: it learns nothing of it.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The process, about to start PostgreSQL, and what keeps it from ending.
pub(crate) fn begin(data_dir: Option<&Path>) -> (Child, ChildStdin) {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holder::hold", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut open = process.stdin.take().unwrap();
    writeln!(open, "{}", data_dir.unwrap_or(Path::new("")).display()).unwrap();
    (process, open)
}

#[tokio::test]
#[ignore = "not a test: the process that other tests kill"]
async fn hold() {
    let data_dir = stdin().lines().next().unwrap().unwrap();
    let postgres = match data_dir.as_str() {
        "" => EmbeddedPostgres::temporary().await.unwrap(),
        given => EmbeddedPostgres::start(Settings { durable: false, ..Settings::new(given) })
            .await
            .unwrap(),
    };
    let pid_file =
        std::fs::read_to_string(postgres.data_dir().join("cluster/postmaster.pid")).unwrap();
    println!("\nholding {} {}", pid_file.lines().next().unwrap(), postgres.data_dir().display());
    stdin().lines().next();
}
