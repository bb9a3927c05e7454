//! `GET .../requests/{id}`: the model's own status code and body (fal queue docs: result).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use uuid::Uuid;

use crate::address::RequestPath;
use crate::answer::Answer;
use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::requests::Request;
use crate::server::Sim;

pub(crate) async fn result(
    _key: KeyHolder,
    RequestPath { app, id }: RequestPath,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let answer = sim
        .requests
        .read(&app, id, |request: &mut Request, _| request.fetch(sim.settings.retention))
        .ok_or(Problem::UnknownRequest)??;
    Ok(respond(id, answer))
}

/// How a request ended, as an HTTP answer.
pub(crate) fn respond(id: Uuid, answer: Answer) -> HttpResponse {
    let code = StatusCode::from_u16(answer.status_code).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(code);
    response
        .content_type("application/json")
        .insert_header(("x-fal-request-id", id.to_string()))
        .insert_header(("X-Fal-Billable-Units", answer.billed_units.to_string()));
    if let Some(error) = answer.request_error {
        response.insert_header(("X-Fal-Error-Type", error.kind.as_ref()));
        if error.deadline {
            response.insert_header(("X-Fal-Request-Timeout-Type", "user"));
        }
    }
    response.body(answer.body)
}
