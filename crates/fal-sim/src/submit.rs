//! `POST /{endpoint_id}`: a request joins the queue.
//!
//! Nothing about the body is checked here: a bad one is queued like a good one and fails
//! only when its result is fetched (fal queue docs: submit answer).

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::address::{Urls, app_of};
use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::run;
use crate::server::Sim;

#[derive(Serialize)]
struct Submitted {
    status: &'static str,
    request_id: Uuid,
    #[serde(flatten)]
    urls: Urls,
    logs: Option<Value>,
    metrics: Value,
    queue_position: usize,
}

pub(crate) async fn submit(
    request: HttpRequest,
    _key: KeyHolder,
    endpoint_id: web::Path<String>,
    body: Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let endpoint_id = endpoint_id.into_inner();
    let app = app_of(&endpoint_id).ok_or_else(|| Problem::NoPath(request.path().to_owned()))?;
    // What is no JSON at all is refused by the model, too, like any other bad input.
    let input = serde_json::from_slice(&body).unwrap_or(Value::Null);

    let (request_id, queue_position) = sim.requests.submit(&endpoint_id, &app, input);
    run::start_waiting(&sim.clone().into_inner());

    Ok(HttpResponse::Ok().json(Submitted {
        status: "IN_QUEUE",
        request_id,
        urls: Urls::new(&sim.base_url, &app, request_id),
        logs: None,
        metrics: json!({}),
        queue_position,
    }))
}
