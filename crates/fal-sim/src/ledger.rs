//! `GET /_sim/requests`: what was asked for, billed and fetched.
//!
//! fal has no such thing: it lets a test assert that nothing was paid for twice.

use actix_web::{HttpResponse, Responder, web};

use crate::server::Sim;

pub(crate) async fn ledger(sim: web::Data<Sim>) -> impl Responder {
    HttpResponse::Ok().json(sim.requests.ledger())
}
