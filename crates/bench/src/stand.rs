//! The test stand: PostgreSQL, API, worker and stand-in for fal.ai, as they run in production.
//!
//! Each role is a process of the `darkroom` binary in this program's directory, on a free loopback port, with only the
//! settings that it needs. The stand is removed after every benchmark, even one that fails or is interrupted.

pub(crate) mod ground;
mod guard;
mod interrupt;
mod look;
mod postgres;
mod role;
#[cfg(unix)]
mod signals;
mod spec;

use anyhow::Context;
use darkroom_core::db::Pool;
use tokio::time::Duration;

use crate::{load, request};

pub(crate) use ground::Ground;
pub(crate) use guard::Guard;
pub(crate) use interrupt::{interrupted, unless_interrupted};
pub(crate) use postgres::DATABASE;
#[cfg(unix)]
pub(crate) use postgres::Shutdown;
pub(crate) use role::{FAL_URLS, NOWHERE, Plan, Role, free_port};
#[cfg(unix)]
pub(crate) use signals::send;
pub(crate) use spec::{EDITS_AT_A_TIME, Spec};

/// Connections that PostgreSQL accepts.
const MAX_CONNECTIONS: u16 = 100;

/// How long a worker that was just started may take to register.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// All processes of a stand. They are dropped in this order.
pub(crate) struct Stand<'a> {
    pub(crate) api: Role,
    worker: Option<Role>,
    pub(crate) sim: Role,
    /// The server of the floors, if the benchmark has any.
    bare: Option<Role>,
    worker_plan: Plan,
    /// For looking at the database; the load does not use it.
    pub(crate) pool: &'a Pool,
    pub(crate) ground: &'a Ground,
}

/// Runs a benchmark on its own stand. If it fails, each role's state and the end of its log are printed.
pub(crate) async fn measure<T>(
    spec: Spec,
    benchmark: impl AsyncFnOnce(&mut Stand<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    ground::measure(MAX_CONNECTIONS, spec.counting, async |ground, pool| {
        let mut stand = Stand::start(ground, pool, spec).await?;
        let outcome = benchmark(&mut stand).await;
        if outcome.is_err() {
            stand.roles().for_each(Role::tell_last_words);
        }
        outcome
    })
    .await
}

impl<'a> Stand<'a> {
    async fn start(ground: &'a Ground, pool: &'a Pool, spec: Spec) -> anyhow::Result<Self> {
        let (latency, edits) = (spec.latency.as_millis().to_string(), spec.edits.to_string());
        let options = ["--latency-ms", &latency, "--concurrency", &edits].map(str::to_owned);
        let sim = ground.start(Plan { options: options.into(), ..Plan::of("sim")? })?;
        load::when_it_answers(sim.plan.port, &request::get("/")).await?;

        let fal = format!("http://127.0.0.1:{}/", sim.plan.port);
        let variables = ground.variables(&fal)?;
        let api = ground.start(Plan { variables: variables.clone(), ..Plan::of("api")? })?;
        load::when_it_answers(api.plan.port, &request::get("/ready")).await?;
        let variables = [variables, spec.worker].concat();
        let worker_plan = Plan { variables, ..Plan::of("worker")? };
        let mut stand = Self { api, worker: None, sim, bare: None, worker_plan, pool, ground };
        if !spec.is_worker_held {
            stand.start_worker()?;
            stand.reach("select count(*) from workers", 1, START_PATIENCE).await?;
        }
        Ok(stand)
    }

    /// Prints a benchmark's name and the settings of the stand.
    pub(crate) async fn introduce(&self, name: &str) -> anyhow::Result<()> {
        self.ground.introduce(name, self.pool, " At most 10 connections a process.").await
    }

    /// Starts the worker, and does not wait for it. Returns its process id.
    pub(crate) fn start_worker(&mut self) -> anyhow::Result<u32> {
        self.worker.insert(self.ground.start(self.worker_plan.clone())?).pid()
    }

    /// Kills the worker, so that jobs stay in line.
    pub(crate) async fn stop_worker(&mut self) -> anyhow::Result<()> {
        let mut worker = self.worker.take().context("the worker was not started")?;
        worker.kill().await
    }

    /// Starts the server of the floors, with answers of these sizes.
    pub(crate) async fn start_bare(
        &mut self,
        get_bytes: usize,
        post_bytes: usize,
    ) -> anyhow::Result<()> {
        let (get_bytes, post_bytes) = (get_bytes.to_string(), post_bytes.to_string());
        let options = ["--get-bytes", &get_bytes, "--post-bytes", &post_bytes].map(str::to_owned);
        let variables = self.ground.variables(NOWHERE)?;
        let plan = Plan { options: options.into(), variables, ..Plan::of("bare")? };
        let bare = self.bare.insert(self.ground.start(plan)?);
        load::when_it_answers(bare.plan.port, &request::get(crate::bare::CONSTANT)).await
    }

    /// The server of the floors; an error if it was not started.
    pub(crate) fn bare(&self) -> anyhow::Result<&Role> {
        self.bare.as_ref().context("the floors were not started")
    }

    /// All roles that run.
    pub(crate) fn roles(&mut self) -> impl Iterator<Item = &mut Role> {
        let roles = [Some(&mut self.api), self.worker.as_mut(), Some(&mut self.sim)];
        roles.into_iter().flatten().chain(&mut self.bare)
    }
}
