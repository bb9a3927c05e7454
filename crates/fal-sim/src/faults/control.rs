//! `GET`, `PUT` and `DELETE /_sim/faults`: what goes wrong from now on.

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, Responder};
use serde_json::{Value, json};

use super::{Armed, FaultSet, read};
use crate::server::Sim;

/// The faults as they were sent, and what each has done so far.
pub(crate) async fn show(sim: web::Data<Sim>) -> impl Responder {
    HttpResponse::Ok().json(describe(&sim.faults.lock()))
}

/// Sets these faults in place of all earlier ones.
pub(crate) async fn replace(body: Bytes, sim: web::Data<Sim>) -> HttpResponse {
    match read::read(&body) {
        Ok(new) => {
            let mut set = sim.faults.lock();
            *set = new;
            HttpResponse::Ok().json(describe(&set))
        }
        Err(refusal) => {
            HttpResponse::UnprocessableEntity().json(json!({"detail": [refusal.detail()]}))
        }
    }
}

/// Removes all faults.
pub(crate) async fn clear(sim: web::Data<Sim>) -> impl Responder {
    *sim.faults.lock() = FaultSet::default();
    HttpResponse::NoContent()
}

fn describe(set: &FaultSet) -> Value {
    let faults: Vec<&Value> = set.faults.iter().map(|armed| &armed.json).collect();
    let count = |armed: &Armed| json!({"occasions": armed.occasions, "strikes": armed.strikes});
    let counts: Vec<Value> = set.faults.iter().map(count).collect();
    json!({"seed": set.seed, "faults": faults, "counts": counts})
}
