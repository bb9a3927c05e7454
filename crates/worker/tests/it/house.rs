//! A database, a stand-in for fal, and workers that use both.

use std::{collections::HashMap, net::TcpListener, time::Duration};

use darkroom_core::{
    config::Config,
    db::Pool,
    fal,
    images::MediaType,
    job::{Job, JobId, NewJob, Status},
    metrics::Registry,
    models::{self, Models},
    store::{self, NewImage},
    webhook::{Event, Webhook},
};
use darkroom_fal_sim::{Running, Settings, start};
use darkroom_testing::{Scrape, TestDatabase, eventually, http_client};
use darkroom_worker::Worker;
use image::{ImageFormat, RgbImage};
use secrecy::SecretString;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct House {
    pub(crate) database: TestDatabase,
    pub(crate) sim: Running,
    variables: HashMap<String, String>,
}

/// A worker that runs. One that is dropped without [`Self::stop`] goes on until the test's runtime ends.
pub(crate) struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
    metrics: Registry,
}

impl House {
    /// Opens one whose stand-in takes this long for each edit.
    pub(crate) async fn open(latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::with_sim(listener, latency).await
    }

    pub(crate) async fn with_sim(listener: TcpListener, latency: Duration) -> Self {
        let settings = Settings { latency, concurrency: 8, ..Settings::default() };
        Self::with_settings(listener, settings).await
    }

    pub(crate) async fn with_settings(listener: TcpListener, settings: Settings) -> Self {
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
        self.worker_on(self.database.pool.clone())
    }

    /// A worker that reaches the database at this address.
    pub(crate) fn worker_at(&self, url: &SecretString) -> Working {
        self.worker_on(darkroom_testing::connect(url, 4))
    }

    /// A worker with so many connections.
    pub(crate) fn worker_with(&self, connections: u32) -> Working {
        self.worker_on(self.database.connect(connections))
    }

    fn worker_on(&self, pool: Pool) -> Working {
        let config = Config::from_variables(self.variables.clone()).unwrap();
        let fal = fal::Client::new(&config.fal).unwrap();
        let models = Models::load(&config.jobs).unwrap();
        let worker = Worker::new(&config, pool, fal, models).unwrap();
        let metrics = Registry::new();
        worker.register_metrics(&metrics);
        let stop = CancellationToken::new();
        let task = tokio::spawn(darkroom_worker::run(worker, stop.clone()));
        Working { stop, task, metrics }
    }

    pub(crate) async fn job(&self) -> JobId {
        self.job_of(picture()).await
    }

    pub(crate) async fn job_of(&self, data: Vec<u8>) -> JobId {
        let inputs = vec![NewImage { data: data.into(), ..input() }];
        self.create(NewJob { inputs, ..new_job() }).await
    }

    /// A job with this deadline.
    pub(crate) async fn job_within(&self, deadline: Duration) -> JobId {
        self.create(NewJob { deadline: Some(deadline), ..new_job() }).await
    }

    /// A job whose receiver is told of these events.
    pub(crate) async fn told_job(&self, url: &str, events: &[Event]) -> JobId {
        let webhook = Some(Webhook { url: url.parse().unwrap(), events: events.to_vec() });
        self.create(NewJob { webhook, ..new_job() }).await
    }

    async fn create(&self, new: NewJob) -> JobId {
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

    /// Sets what goes wrong at the stand-in from now on.
    pub(crate) async fn set_faults(&self, faults: Value) {
        let url = self.sim.base_url().join("_sim/faults").unwrap();
        let set = http_client().put(url).json(&faults).send().await.unwrap();
        assert!(set.status().is_success(), "{}", set.text().await.unwrap());
    }

    /// How often the fault of this number, from 0, has struck at the stand-in.
    pub(crate) async fn strikes(&self, fault: usize) -> u64 {
        let url = self.sim.base_url().join("_sim/faults").unwrap();
        let faults: Value = http_client().get(url).send().await.unwrap().json().await.unwrap();
        faults["counts"][fault]["strikes"].as_u64().unwrap()
    }

    /// Waits until that fault has struck.
    pub(crate) async fn struck(&self, fault: usize) {
        eventually("the fault has struck", async || (self.strikes(fault).await > 0).then_some(()))
            .await;
    }

    /// Waits until a statement waits for a lock.
    pub(crate) async fn is_held_up(&self, what: &str) {
        eventually(what, async || (self.database.blocked().await > 0).then_some(())).await;
    }

    /// Waits until a job that was claimed rests.
    pub(crate) async fn rests(&self, what: &str) {
        let rests = "select exists (
                         select from queue where lease_no > 0 and leased_by is null and run_at > now()
                     )";
        eventually(what, async || {
            let rests: bool =
                sqlx::query_scalar(rests).fetch_one(&self.database.pool).await.unwrap();
            rests.then_some(())
        })
        .await;
    }

    /// How each attempt ended, the oldest first; `open` if it has not.
    pub(crate) async fn attempts(&self) -> Vec<String> {
        let attempts = "select coalesce(outcome, 'open') from attempts order by job_id, number";
        sqlx::query_scalar(attempts).fetch_all(&self.database.pool).await.unwrap()
    }

    /// Hashes of the first request's outputs, in the order in which the stand-in lists them.
    pub(crate) async fn output_hashes(&self) -> Vec<Vec<u8>> {
        let id = self.submissions().await[0]["request_id"].as_str().unwrap().to_owned();
        let path = format!("fal-ai/bytedance/requests/{id}");
        let url = self.sim.base_url().join(&path).unwrap();
        let get = http_client().get(url).header("Authorization", "Key a:b");
        let result: Value = get.send().await.unwrap().json().await.unwrap();
        let mut hashes = Vec::new();
        for image in result["images"].as_array().unwrap() {
            let url = image["url"].as_str().unwrap();
            let data = http_client().get(url).send().await.unwrap().bytes().await.unwrap();
            let hash = sqlx::query_scalar("select sha256($1)").bind(&data[..]);
            hashes.push(hash.fetch_one(&self.database.pool).await.unwrap());
        }
        hashes
    }

    /// Cancels the only request at the stand-in, without any worker.
    pub(crate) async fn stop_request(&self) {
        let url: String = sqlx::query_scalar("select cancel_url from attempts")
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
        let put = http_client().put(url).header("Authorization", "Key a:b");
        assert!(put.send().await.unwrap().status().is_success());
        eventually("the request has ended", async || {
            (self.submissions().await[0]["status"] == "COMPLETED").then_some(())
        })
        .await;
    }

    /// Lets every job's deadline pass, and frees all leases.
    pub(crate) async fn let_time_be_up(&self) {
        let statement = "update queue set leased_by = null, deadline_at = now()";
        sqlx::query(statement).execute(&self.database.pool).await.unwrap();
    }

    /// Makes every waiting job due now.
    pub(crate) async fn skip_waiting(&self) {
        let statement = "update queue set run_at = null where leased_by is null";
        sqlx::query(statement).execute(&self.database.pool).await.unwrap();
    }
}

impl Working {
    /// Its metrics, as Prometheus would read them.
    pub(crate) fn scrape(&self) -> Scrape {
        Scrape::read(&self.metrics.write())
    }

    /// The registry of its metrics.
    pub(crate) fn registry(&self) -> Registry {
        self.metrics.clone()
    }

    /// Tells the worker to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// Ends the worker without letting it hand anything over.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// A usual job.
pub(crate) fn new_job() -> NewJob {
    NewJob {
        prompt: "make it rain".into(),
        model: models::DEFAULT.into(),
        inputs: vec![input()],
        ..NewJob::default()
    }
}

/// An input image of a usual job.
pub(crate) fn input() -> NewImage {
    NewImage { data: picture().into(), media_type: MediaType::Png, width: 64, height: 48 }
}

pub(crate) fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = RgbImage::from_pixel(64, 48, image::Rgb([200, 120, 40]));
    pixels.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
