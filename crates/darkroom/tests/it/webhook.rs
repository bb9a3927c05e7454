//! The provider's webhook from end to end: the stand-in signs it, the API verifies it, the
//! worker fetches the result.

use std::{collections::HashMap, net::TcpListener, time::Duration};

use darkroom_api::State;
use darkroom_core::{
    config::Config,
    fal,
    images::MediaType,
    job::{Job, JobId, NewJob, Status},
    models::{self, Models},
    store::{self, NewImage},
};
use darkroom_fal_sim::{Running, Settings};
use darkroom_testing::{TestDatabase, eventually, http_client};
use darkroom_worker::Worker;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

/// An API that the stand-in can reach, and a worker. Both stop when it is dropped.
struct House {
    database: TestDatabase,
    sim: Running,
    _working: DropGuard,
}

impl House {
    async fn open(faults: Value) -> Self {
        let settings = Settings {
            latency: Duration::from_millis(300),
            webhook_retry: Duration::from_millis(200),
            ..Settings::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sim = darkroom_fal_sim::start(listener, settings).await.unwrap();
        let url = sim.base_url().join("_sim/faults").unwrap();
        let set = http_client().put(url).json(&json!({"faults": faults})).send().await.unwrap();
        assert!(set.status().is_success(), "{}", set.text().await.unwrap());

        let database = TestDatabase::create().await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let public_url = format!("http://{}", listener.local_addr().unwrap());
        let config = Config::from_variables(variables(&sim, &public_url)).unwrap();
        let models = Models::load(&config.jobs).unwrap();
        let state = State::new(&config, database.pool.clone(), models.clone()).unwrap();
        tokio::spawn(darkroom_api::start(listener, state, &config).unwrap());
        let fal = fal::Client::new(&config.fal).unwrap();
        let worker = Worker::new(&config, database.pool.clone(), fal, models).unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(darkroom_worker::run(worker, stop.clone()));
        Self { database, sim, _working: stop.drop_guard() }
    }

    async fn job(&self) -> JobId {
        let mut file = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(32, 32).write_to(&mut file, image::ImageFormat::Png).unwrap();
        let data = file.into_inner().into();
        let input = NewImage { data, media_type: MediaType::Png, width: 32, height: 32 };
        let new = NewJob {
            prompt: "make it rain".into(),
            model: models::DEFAULT.into(),
            inputs: vec![input],
            ..NewJob::default()
        };
        store::create(&self.database.pool, &new).await.unwrap().id
    }

    /// Waits until a job is completed, and returns it.
    async fn completed(&self, id: JobId) -> Job {
        eventually("the job is completed", async || {
            let job = store::find(&self.database.pool, id).await.unwrap().unwrap();
            (job.status == Status::Completed).then_some(job)
        })
        .await
    }

    /// The only submission that the stand-in has received.
    async fn submission(&self) -> Value {
        let url = self.sim.base_url().join("_sim/requests").unwrap();
        let ledger: Vec<Value> = http_client().get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(ledger.len(), 1, "{ledger:#?}");
        ledger.into_iter().next().unwrap()
    }

    async fn acknowledged(&self) {
        eventually("the webhook is acknowledged", async || {
            self.submission().await["webhook_acknowledged"].as_bool().unwrap().then_some(())
        })
        .await;
    }
}

fn variables(sim: &Running, public_url: &str) -> HashMap<String, String> {
    let sim = sim.base_url().as_str();
    let settings = [
        ("FAL_QUEUE_URL", sim),
        ("FAL_REST_URL", sim),
        ("FAL_API_URL", sim),
        ("PUBLIC_URL", public_url),
        ("WORKER_CLAIM_INTERVAL_SECONDS", "1"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Faults under which neither status nor stream says how far a request is.
fn silence() -> [Value; 2] {
    ["status", "stream"].map(|at| json!({"at": at, "status": 503, "shape": "nginx"}))
}

#[tokio::test]
async fn a_webhook_alone_tells_that_a_request_has_ended() {
    let house = House::open(json!(silence())).await;

    let id = house.job().await;

    house.completed(id).await;
    house.acknowledged().await;
}

#[tokio::test]
async fn a_webhook_without_its_payload_is_enough() {
    let [status, stream] = silence();
    let house =
        House::open(json!([status, stream, {"at": "webhook", "delivery": "no_payload"}])).await;

    let id = house.job().await;

    house.completed(id).await;
}

#[tokio::test]
async fn a_webhook_that_comes_twice_or_late_changes_nothing_more() {
    for fault in [
        json!({"at": "webhook", "delivery": "duplicate"}),
        json!({"at": "webhook", "latency": {"fixed": 1.5}}),
    ] {
        let house = House::open(json!([fault])).await;

        let id = house.job().await;

        let job = house.completed(id).await;
        house.acknowledged().await;
        let later = store::find(&house.database.pool, id).await.unwrap().unwrap();
        assert_eq!(later.updated_at, job.updated_at);
        assert_eq!(later.images.len(), 2);
    }
}

#[tokio::test]
async fn a_webhook_that_never_comes_or_is_not_the_providers_is_not_needed() {
    for delivery in ["missing", "forged", "stale"] {
        let house = House::open(json!([{"at": "webhook", "delivery": delivery}])).await;

        let id = house.job().await;

        house.completed(id).await;
        assert_eq!(house.submission().await["webhook_acknowledged"], false, "{delivery}");
    }
}

#[tokio::test]
async fn a_webhook_tells_of_a_submission_whose_answer_was_lost() {
    // The lost submission cannot be found in fal's list either.
    let lost = json!([
        {"at": "submit", "reset": "after", "next": 1},
        {"at": "history", "status": 503, "shape": "nginx"},
    ]);
    let house = House::open(lost).await;

    let id = house.job().await;

    house.completed(id).await;
    let outcomes: Vec<String> = sqlx::query_scalar("select outcome from attempts")
        .fetch_all(&house.database.pool)
        .await
        .unwrap();
    assert_eq!(outcomes, ["completed"]);
}
