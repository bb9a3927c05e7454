//! A database and a stand-in, for roles that run as separate processes.

use std::{collections::HashMap, net::TcpListener, time::Duration};

use darkroom_core::{
    images::MediaType,
    job::{JobId, NewJob, Status},
    models,
    store::{self, NewImage},
};
use darkroom_fal_sim::{Running, Settings, start};
use darkroom_testing::{TestDatabase, eventually, http_client};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::program::Program;

pub(crate) struct Stage {
    pub(crate) database: TestDatabase,
    sim: Running,
}

impl Stage {
    /// Opens a stage whose stand-in takes this long for an edit, and has these faults.
    pub(crate) async fn open(latency: Duration, faults: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = Settings { latency, ..Settings::default() };
        let sim = start(listener, settings).await.unwrap();
        let url = sim.base_url().join("_sim/faults").unwrap();
        let set = http_client().put(url).json(&json!({"faults": faults})).send().await.unwrap();
        assert!(set.status().is_success(), "{}", set.text().await.unwrap());
        Self { database: TestDatabase::create().await, sim }
    }

    /// Starts a worker that is soon missed when it dies.
    pub(crate) fn worker(&self) -> Program {
        let settings = [
            ("DATABASE_URL", self.database.url.expose_secret()),
            ("FAL_QUEUE_URL", self.sim.base_url().as_str()),
            ("FAL_REST_URL", self.sim.base_url().as_str()),
            ("FAL_API_URL", self.sim.base_url().as_str()),
            ("WORKER_HEARTBEAT_SECONDS", "1"),
            ("WORKER_LEASE_SECONDS", "4"),
            ("WORKER_CLAIM_INTERVAL_SECONDS", "1"),
        ];
        let settings: HashMap<_, _> =
            settings.map(|(name, value)| (name.into(), value.into())).into();
        Program::start(&["worker"], &settings)
    }

    /// Starts an API; returns it with its address.
    pub(crate) async fn api(&self) -> (Program, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let home = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        (self.api_at(&home).await, home)
    }

    /// Starts an API at this address, such as that of an earlier one.
    pub(crate) async fn api_at(&self, home: &str) -> Program {
        let port = home.rsplit(':').next().unwrap();
        let settings = [("DATABASE_URL", self.database.url.expose_secret()), ("PORT", port)];
        let settings: HashMap<_, _> =
            settings.map(|(name, value)| (name.into(), value.into())).into();
        let program = Program::start(&["api"], &settings);
        eventually("the API is ready", async || {
            let ready = http_client().get(format!("{home}/ready")).send().await.ok()?;
            ready.status().is_success().then_some(())
        })
        .await;
        program
    }

    pub(crate) async fn job(&self) -> JobId {
        let mut file = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(32, 32).write_to(&mut file, image::ImageFormat::Png).unwrap();
        let data = file.into_inner().into();
        let input = NewImage { data, media_type: MediaType::Png, width: 32, height: 32 };
        let new = NewJob {
            prompt: "x".into(),
            model: models::DEFAULT.into(),
            inputs: vec![input],
            ..NewJob::default()
        };
        store::create(&self.database.pool, &new).await.unwrap().id
    }

    /// Waits until a job has this status.
    pub(crate) async fn once(&self, id: JobId, status: Status) {
        eventually(&format!("the job is {status:?}"), async || {
            let job = store::find(&self.database.pool, id).await.unwrap().unwrap();
            (job.status == status).then_some(())
        })
        .await;
    }

    /// The address of the stand-in.
    pub(crate) fn provider(&self) -> &reqwest::Url {
        self.sim.base_url()
    }

    /// How many submissions the stand-in has received.
    pub(crate) async fn submissions(&self) -> usize {
        self.ask("_sim/requests").await.as_array().unwrap().len()
    }

    /// Waits until the first fault has struck.
    pub(crate) async fn struck(&self) {
        eventually("the fault has struck", async || {
            let faults = self.ask("_sim/faults").await;
            (faults["counts"][0]["strikes"].as_u64().unwrap() > 0).then_some(())
        })
        .await;
    }

    /// The number that a statement returns.
    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.database.pool).await.unwrap()
    }

    /// The outcome of each attempt, in order; `open` for one that has not ended.
    pub(crate) async fn attempts(&self) -> Vec<String> {
        let attempts = "select coalesce(outcome, 'open') from attempts order by job_id, number";
        sqlx::query_scalar(attempts).fetch_all(&self.database.pool).await.unwrap()
    }

    /// Waits until a backend waits for a lock, and returns its process id.
    pub(crate) async fn blocked(&self) -> i32 {
        let blocked = "select pid from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        eventually("somebody waits for the lock", async || {
            sqlx::query_scalar(blocked).fetch_optional(&self.database.pool).await.unwrap()
        })
        .await
    }

    async fn ask(&self, path: &str) -> Value {
        let url = self.sim.base_url().join(path).unwrap();
        http_client().get(url).send().await.unwrap().json().await.unwrap()
    }
}
