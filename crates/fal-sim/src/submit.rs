//! `POST /{endpoint_id}`: puts a request in the queue.
//!
//! The body is not checked here: a bad one is queued like a good one, and only its result says
//! that it failed (fal queue docs: submit answer).

mod direct;
mod options;

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::address::{Urls, app_of};
use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::requests::Submission;
use crate::server::Sim;
use crate::{deadline, run};
pub(crate) use direct::{is_direct, run_directly};
use options::Options;

#[derive(Serialize)]
struct Submitted {
    status: &'static str,
    request_id: Uuid,
    gateway_request_id: Uuid,
    #[serde(flatten)]
    urls: Urls,
    logs: Option<Value>,
    metrics: Value,
    queue_position: usize,
}

pub(crate) async fn submit(
    request: HttpRequest,
    key: KeyHolder,
    endpoint_id: web::Path<String>,
    body: Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let options = Options::read(&request)?;
    let start_within = options.start_within;
    let submission = read(&request, key, endpoint_id.into_inner(), &body, options)?;
    let app = submission.app.clone();

    let (request_id, queue_position) = sim.requests.submit(submission).ok_or(Problem::QueueFull)?;
    let sim = sim.into_inner();
    if let Some(start_within) = start_within {
        deadline::watch(&sim, request_id, start_within);
    }
    run::start_waiting(&sim);

    Ok(HttpResponse::Ok().json(Submitted {
        status: "IN_QUEUE",
        request_id,
        gateway_request_id: request_id,
        urls: Urls::new(&sim.base_url, &app, request_id),
        logs: None,
        metrics: json!({}),
        queue_position,
    }))
}

/// Reads a submission to the queue, or a direct run.
fn read(
    request: &HttpRequest,
    key: KeyHolder,
    endpoint_id: String,
    body: &Bytes,
    options: Options,
) -> Result<Submission, Problem> {
    let app = app_of(&endpoint_id).ok_or_else(|| Problem::NoPath(request.path().to_owned()))?;
    Ok(Submission {
        endpoint_id,
        app,
        // A body that is not JSON is refused by the model, like any other bad input.
        input: serde_json::from_slice(body).unwrap_or(Value::Null),
        key_id: key.key_id,
        webhook: options.webhook,
        longest_queue: options.longest_queue,
        stored: options.stored,
    })
}
