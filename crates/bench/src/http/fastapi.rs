//! FastAPI: the service that Darkroom replaces, in one process and with jobs in memory.

use std::{path::Path, process::Stdio};

use anyhow::Context;
use tokio::process::Child;

use crate::{
    load::{Connection, when_it_answers},
    peers::{self, Program},
    picture,
    polling::id_of,
    request,
    stand::{Ground, free_port},
};

/// A peer that is installed.
pub(super) struct FastApi {
    program: Program,
}

/// A peer that serves, until it is dropped.
pub(super) struct Served {
    pub(super) port: u16,
    _child: Child,
}

impl FastApi {
    /// Finds it, if it is installed. Prints its version and settings, or how to install it.
    pub(super) async fn find(folder: &Path) -> Option<Self> {
        let (program, _identity) = peers::find(folder, "fastapi").await?;
        Some(Self { program })
    }

    /// Starts it, and waits until it answers.
    pub(super) async fn serve(&self, ground: &Ground) -> anyhow::Result<Served> {
        let port = free_port()?;
        let mut command = self.program.command(&["serve", &port.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        ground.watch(&mut command)?;
        let child = command.spawn().context("FastAPI does not start")?;
        when_it_answers(port, &request::get("/openapi.json")).await?;
        Ok(Served { port, _child: child })
    }
}

impl Served {
    /// Posts a job, and returns its path.
    pub(super) async fn new_job(&self) -> anyhow::Result<String> {
        let post = request::post("/api/jobs", &picture::jpeg()?);
        let mut connection = Connection::open(self.port).await?;
        Ok(format!("/api/jobs/{}", id_of(connection.exchange(&post).await?)?))
    }
}
