//! A running API.

use std::{collections::HashMap, net::SocketAddr};

use darkroom_api::State;
use darkroom_core::{
    config::Config,
    job::{JobId, NewJob},
    models::{self, Models},
    store,
};
use darkroom_testing::{Scrape, TestDatabase, eventually, http_client};

use crate::connection::Connection;

pub(crate) struct Api {
    address: SocketAddr,
    database: TestDatabase,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let database = TestDatabase::create().await;
        let port = HashMap::from([("PORT".to_owned(), "0".to_owned())]);
        let config = Config::from_variables(port).unwrap();
        let models = Models::load(&config.jobs).unwrap();
        let listener = darkroom_api::bind(&config.server).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State::new(&config, database.pool.clone(), models).unwrap();
        tokio::spawn(darkroom_api::start(listener, state, &config).unwrap());
        Self { address, database }
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::to(self.address).await
    }

    pub(crate) async fn job(&self) -> JobId {
        let new = NewJob {
            prompt: "make it rain".into(),
            model: models::DEFAULT.into(),
            ..NewJob::default()
        };
        store::create(&self.database.pool, &new).await.unwrap().id
    }

    /// Waits until polls are answered from memory: before changes are heard, jobs are read from the database.
    pub(crate) async fn answers_from_memory(&self, job: JobId) {
        let url = |path: &str| format!("http://{}{path}", self.address);
        let (path, client) = (url(&format!("/api/jobs/{job}")), http_client());
        let read = async || {
            let answer = client.get(url("/metrics")).send().await.unwrap();
            let scrape = Scrape::read(&answer.text().await.unwrap());
            scrape.value("darkroom_job_reads_total", &[("from", "database")])
        };
        eventually("ten polls in a row are answered from memory", async || {
            let before = read().await;
            for _ in 0..10 {
                client.get(&path).send().await.unwrap();
            }
            (read().await == before).then_some(())
        })
        .await;
    }

    /// Changes all jobs, in one commit.
    pub(crate) async fn change_all(&self) {
        let shown = "update jobs set status = 'processing', updated_at = clock_timestamp()";
        sqlx::query(shown).execute(&self.database.pool).await.unwrap();
    }
}
