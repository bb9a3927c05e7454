//! `PUT .../requests/{id}/cancel` (fal queue docs: cancel).

use actix_web::{HttpResponse, web};
use serde_json::json;
use uuid::Uuid;

use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::requests::Cancelled;
use crate::server::Sim;

pub(crate) async fn cancel(
    _key: KeyHolder,
    path: web::Path<(String, String)>,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let (app, id) = path.into_inner();
    let id = Uuid::parse_str(&id).ok().ok_or(Problem::UnknownRequest)?;
    let found = sim.requests.cancel(&app, id).ok_or(Problem::UnknownRequest)?;
    Ok(match found {
        Cancelled::Removed => HttpResponse::Ok().json(json!({"status": "OK"})),
        Cancelled::Signalled => {
            HttpResponse::Accepted().json(json!({"status": "CANCELLATION_REQUESTED"}))
        }
        Cancelled::TooLate => {
            HttpResponse::BadRequest().json(json!({"status": "ALREADY_COMPLETED"}))
        }
    })
}
