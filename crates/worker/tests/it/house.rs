//! A database, a stand-in, and workers on both.

use std::{collections::HashMap, net::TcpListener, time::Duration};

use darkroom_core::{
    config::Config,
    fal,
    images::MediaType,
    job::{Job, JobId, NewJob, Status},
    model,
    store::{self, NewImage},
};
use darkroom_fal_sim::{Running, Settings, start};
use darkroom_testing::{TestDatabase, eventually, http_client};
use darkroom_worker::Worker;
use image::{ImageFormat, RgbImage};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct House {
    pub(crate) database: TestDatabase,
    pub(crate) sim: Running,
    variables: HashMap<String, String>,
}

/// A worker that runs; dropped, it is as good as killed.
pub(crate) struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl House {
    /// With a stand-in whose edits take this long.
    pub(crate) async fn open(latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::with_sim(listener, latency).await
    }

    pub(crate) async fn with_sim(listener: TcpListener, latency: Duration) -> Self {
        let settings = Settings { latency, concurrency: 8, ..Settings::default() };
        let sim = start(listener, settings).await.unwrap();
        let url = sim.base_url().to_string();
        let variables = ["FAL_QUEUE_URL", "FAL_REST_URL", "FAL_API_URL"];
        let variables = variables.map(|name| (name.to_owned(), url.clone()));
        Self { database: TestDatabase::create().await, sim, variables: variables.into() }
    }

    /// Sets a variable for workers that start after this.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.into(), value.into());
    }

    pub(crate) fn worker(&self) -> Working {
        let config = Config::from_variables(self.variables.clone()).unwrap();
        let fal = fal::Client::new(&config.fal).unwrap();
        let worker = Worker::new(&config, self.database.pool.clone(), fal);
        let stop = CancellationToken::new();
        let task = tokio::spawn(darkroom_worker::run(worker, stop.clone()));
        Working { stop, task }
    }

    pub(crate) async fn job(&self) -> JobId {
        self.job_of(picture()).await
    }

    pub(crate) async fn job_of(&self, data: Vec<u8>) -> JobId {
        let input =
            NewImage { data: data.into(), media_type: MediaType::Png, width: 64, height: 48 };
        let prompt = "make it rain".into();
        let new = NewJob { prompt, model: model::SEEDREAM_V4_EDIT.into(), input };
        store::create(&self.database.pool, &new).await.unwrap().id
    }

    pub(crate) async fn find(&self, id: JobId) -> Job {
        store::find(&self.database.pool, id).await.unwrap().unwrap()
    }

    /// The job, once it has this status.
    pub(crate) async fn once(&self, id: JobId, status: Status) -> Job {
        eventually(&format!("the job is {status:?}"), async || {
            Some(self.find(id).await).filter(|job| job.status == status)
        })
        .await
    }

    /// Every submission that the stand-in ever got.
    pub(crate) async fn submissions(&self) -> Vec<Value> {
        let url = self.sim.base_url().join("_sim/requests").unwrap();
        http_client().get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Makes every waiting job due now.
    pub(crate) async fn skip_waiting(&self) {
        let statement = "update queue set run_at = now() where leased_by is null";
        sqlx::query(statement).execute(&self.database.pool).await.unwrap();
    }
}

impl Working {
    /// Tells the worker to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends the worker without a word to anybody.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub(crate) fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = RgbImage::from_pixel(64, 48, image::Rgb([200, 120, 40]));
    pixels.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
