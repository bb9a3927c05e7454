//! Everything that runs during the run. Each role is a process, and each API and worker has its own line to PostgreSQL.

mod build;
mod place;
mod settings;

use std::sync::Arc;

use anyhow::Context;
use darkroom_core::db::Pool;
use rustix::process::Signal;
use tokio::time::{Duration, Instant, sleep};

use super::{
    clock::Clock,
    fault::Seat,
    options::Options,
    porch::Porch,
    proxy::{Passage, Proxy},
    receiver::Receiver,
    weather,
};
use crate::{load, request, stand::Ground};
pub(super) use build::MAX_CONNECTIONS;
pub(crate) use place::Place;

/// API replicas.
pub(crate) const APIS: usize = 2;

/// How late a heartbeat may be before its worker counts as dead.
pub(crate) const LEASE: Duration = Duration::from_secs(4);

/// Submissions to fal before a job fails for good.
pub(crate) const MAX_ATTEMPTS: usize = 4;

/// How long a role that was just started may take to answer.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// All roles, and what the run itself needs around them.
pub(crate) struct House {
    pub(crate) workers: Vec<Place>,
    pub(crate) apis: Vec<Place>,
    pub(crate) sim: Place,
    pub(crate) porch: Porch,
    pub(crate) receiver: Receiver,
    /// For the run itself to look at the database: no fault disturbs this line.
    pub(crate) pool: Pool,
    _door: Proxy,
    pub(crate) http: reqwest::Client,
    pub(crate) clock: Option<Clock>,
    pub(crate) ground: Ground,
}

impl House {
    /// Waits until every API is ready and every worker is registered.
    pub(crate) async fn when_it_works(&self, options: &Options) -> anyhow::Result<()> {
        for api in &self.apis {
            load::when_it_answers(api.port, &request::get("/ready")).await?;
        }
        let (until, expected) = (Instant::now() + START_PATIENCE, i64::from(options.workers));
        while self.workers_registered().await.unwrap_or_default() != expected {
            anyhow::ensure!(Instant::now() < until, "the workers do not register");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// How many workers are registered.
    pub(crate) async fn workers_registered(&self) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar("select count(*) from workers").fetch_one(&self.pool).await?)
    }

    pub(crate) fn place(&self, seat: Seat) -> anyhow::Result<&Place> {
        match seat {
            Seat::Worker(number) => self.workers.get(number),
            Seat::Api(number) => self.apis.get(number),
            Seat::Sim => Some(&self.sim),
        }
        .with_context(|| format!("there is no {seat}"))
    }

    pub(crate) fn seats(&self) -> impl Iterator<Item = (Seat, &Place)> {
        let workers = self.workers.iter().enumerate();
        let apis = self.apis.iter().enumerate();
        workers
            .map(|(number, place)| (Seat::Worker(number), place))
            .chain(apis.map(|(number, place)| (Seat::Api(number), place)))
            .chain([(Seat::Sim, &self.sim)])
    }

    /// An address at the stand-in.
    pub(crate) fn sim_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.sim.port)
    }

    /// Sets the stand-in's faults: those of all times, and those of the storm if there is one.
    pub(crate) async fn set_weather(&self, seed: u64, storm: Option<usize>) -> anyhow::Result<()> {
        let put = self.http.put(self.sim_url("/_sim/faults")).body(weather::faults(seed, storm));
        let answer = put.send().await?;
        let status = answer.status();
        anyhow::ensure!(
            status.is_success(),
            "the stand-in takes no weather: {}",
            answer.text().await?
        );
        Ok(())
    }

    /// Undoes all faults, and waits until everything works again.
    pub(crate) async fn heal(&self, options: &Options) -> anyhow::Result<()> {
        for (_, place) in self.seats() {
            place.line.set(Passage::Open);
            let mut role = place.role.lock().await;
            if role.ended()?.is_some() {
                role.start_anew()?;
            } else {
                role.signal(Signal::CONT)?;
            }
        }
        self.http.delete(self.sim_url("/_sim/faults")).send().await?.error_for_status()?;
        self.when_it_works(options).await
    }

    /// Prints each role's state and the end of its log, for a run that failed itself.
    pub(crate) async fn tell_last_words(&self) {
        for (_, place) in self.seats() {
            place.role.lock().await.tell_last_words();
        }
    }

    pub(crate) async fn clear(self) -> anyhow::Result<()> {
        for (_, place) in self.seats() {
            place.role.lock().await.kill().await?;
        }
        self.pool.close().await;
        self.ground.clear().await
    }
}

/// The house, as the tasks of the run share it.
pub(crate) type Shared = Arc<House>;
