//! `GET .../requests/{id}/status`: the status of a request (fal queue docs: status answer).

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::web;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::address::{RequestPath, Urls};
use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::requests::{Log, Phase, Request};
use crate::server::Sim;

#[derive(Deserialize)]
pub(crate) struct Query {
    /// The official clients send `1` or `true`.
    logs: Option<String>,
}

impl Query {
    pub(crate) fn wants_logs(&self) -> bool {
        matches!(self.logs.as_deref(), Some("1" | "true"))
    }
}

#[derive(Serialize)]
pub(crate) struct StatusAnswer {
    pub(crate) status: Phase,
    request_id: Uuid,
    #[serde(flatten)]
    urls: Urls,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_position: Option<usize>,
    logs: Option<Vec<Log>>,
    metrics: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<Cow<'static, str>>,
}

pub(crate) async fn status(
    _key: KeyHolder,
    RequestPath { app, id }: RequestPath,
    query: web::Query<Query>,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let urls = Urls::new(&sim.base_url, &app, id);

    let status = sim
        .requests
        .read(&app, id, |request, position| {
            let logs = query.wants_logs().then(|| request.logs.clone());
            describe(id, urls, request, position, logs)
        })
        .ok_or(Problem::UnknownRequest)?;

    let mut answer = match status.status {
        Phase::Completed => HttpResponse::Ok(),
        Phase::InQueue | Phase::InProgress => HttpResponse::Accepted(),
    };
    Ok(answer.insert_header(("x-fal-request-id", id.to_string())).json(status))
}

/// Describes a request. A model's refusal does not show here, only on the result.
pub(crate) fn describe(
    id: Uuid,
    urls: Urls,
    request: &Request,
    queue_position: Option<usize>,
    logs: Option<Vec<Log>>,
) -> StatusAnswer {
    let error = request.answer.as_ref().and_then(|answer| answer.request_error.as_ref());
    StatusAnswer {
        status: request.phase,
        request_id: id,
        urls,
        queue_position,
        logs,
        metrics: match request.inference {
            Some(inference) => json!({"inference_time": inference.as_secs_f64()}),
            None => json!({}),
        },
        error: error.map(|error| error.message.clone()),
        error_type: error.map(|error| error.kind.clone()),
    }
}
