//! FastAPI: the service that Darkroom replaces, in one process and with jobs in memory.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

use crate::{
    load::{Connection, when_it_answers},
    picture, request,
    stand::{Ground, free_port},
};

/// What it is called among the peers.
const PEER: &str = "fastapi";

/// A peer that is installed.
pub(super) struct FastApi {
    run: PathBuf,
}

/// A peer that serves, until it is dropped.
pub(super) struct Served {
    pub(super) port: u16,
    _child: Child,
}

impl FastApi {
    /// Where it is installed; it is told what it is, or how to install it.
    pub(super) async fn find(peers: &Path) -> anyhow::Result<Option<Self>> {
        let run = peers.join("run");
        let version = match run.canonicalize() {
            Ok(run) => Command::new(run).args([PEER, "version"]).output().await.ok(),
            Err(_absent) => None,
        };
        let Some(version) = version.filter(|version| version.status.success()) else {
            println!(
                "\nFastAPI is left out: {} {PEER} installs it.",
                peers.join("install").display()
            );
            return Ok(None);
        };
        let version: serde_json::Value = serde_json::from_slice(&version.stdout)?;
        let said = |name: &str| version.get(name).and_then(serde_json::Value::as_str);
        let (number, settings) = said("version").zip(said("settings")).context("no version")?;
        println!("\nFastAPI {number}: {settings}.");
        Ok(Some(Self { run: run.canonicalize()? }))
    }

    /// Starts it, and waits until it answers.
    pub(super) async fn serve(&self, ground: &Ground) -> anyhow::Result<Served> {
        let port = free_port()?;
        let mut command = Command::new(&self.run);
        command
            .args([PEER, "serve", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        ground.watch(&mut command)?;
        let child = command.spawn().context("FastAPI does not start")?;
        when_it_answers(port, &request::get("/openapi.json")).await?;
        Ok(Served { port, _child: child })
    }
}

impl Served {
    /// Has it make a job, and answers where that is.
    pub(super) async fn new_job(&self) -> anyhow::Result<String> {
        let post = request::post("/api/jobs", &picture::jpeg()?);
        let mut connection = Connection::open(self.port).await?;
        let job: serde_json::Value = serde_json::from_slice(connection.exchange(&post).await?)?;
        let Some(id) = job.get("id").and_then(serde_json::Value::as_str) else {
            bail!("FastAPI's job has no id: {job}");
        };
        Ok(format!("/api/jobs/{id}"))
    }
}
