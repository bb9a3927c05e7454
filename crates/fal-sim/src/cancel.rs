//! `PUT .../requests/{id}/cancel` (fal queue docs: cancel).

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::address::RequestPath;
use crate::authorization::KeyHolder;
use crate::faults::Strike;
use crate::problem::Problem;
use crate::requests::Cancelled;
use crate::server::Sim;
use crate::webhook;

pub(crate) async fn cancel(
    request: HttpRequest,
    _key: KeyHolder,
    RequestPath { app, id }: RequestPath,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let heeded = !request.extensions().get::<Strike>().is_some_and(Strike::ignores_cancel);
    let found = sim.requests.cancel(&app, id, heeded).ok_or(Problem::UnknownRequest)?;
    Ok(match found {
        Cancelled::Removed => {
            webhook::announce(&sim.into_inner(), id);
            HttpResponse::Ok().json(json!({"status": "OK"}))
        }
        Cancelled::Signalled => {
            HttpResponse::Accepted().json(json!({"status": "CANCELLATION_REQUESTED"}))
        }
        Cancelled::TooLate => {
            HttpResponse::BadRequest().json(json!({"status": "ALREADY_COMPLETED"}))
        }
    })
}
