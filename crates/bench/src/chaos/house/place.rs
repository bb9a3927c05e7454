//! A role's place in the house: its process may end and be started again.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicU16},
};

use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::{
    chaos::proxy::Proxy,
    load, request,
    stand::{Ground, Plan, Role},
};

/// A role's process and its line.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) role: Mutex<Role>,
    /// Where it listens.
    pub(crate) port: u16,
    pub(crate) log: PathBuf,
    /// The line to PostgreSQL; for the stand-in, the line from everybody else to it.
    pub(crate) line: Proxy,
}

impl Place {
    /// Starts a role that needs PostgreSQL.
    pub(super) async fn take(ground: &Ground, mut plan: Plan) -> anyhow::Result<Self> {
        let line = Proxy::to(ground.postgres.port()).await?;
        let url = ground.postgres.url_at(line.port)?.expose_secret().to_owned();
        plan.variables.push(("DATABASE_URL", url));
        let (port, role) = (plan.port, ground.start(plan)?);
        Ok(Self { port, log: role.log.clone(), role: Mutex::new(role), line })
    }

    /// Starts the stand-in, whose state outlives its process.
    pub(super) async fn of_sim(ground: &Ground) -> anyhow::Result<Self> {
        let plan = Plan::of("sim")?;
        let port = plan.port;
        let line = Proxy::to(Arc::new(AtomicU16::new(port))).await?;
        let public_url = format!("http://127.0.0.1:{}/", line.port);
        let state = ground.logs().join("sim").display().to_string();
        let options = ["--state", &state, "--public-url", &public_url, "--concurrency", "16"];
        let plan = Plan { options: options.map(str::to_owned).into(), ..plan };
        let role = ground.start(plan)?;
        load::when_it_answers(port, &request::get("/")).await?;
        Ok(Self { port, log: role.log.clone(), role: Mutex::new(role), line })
    }
}
