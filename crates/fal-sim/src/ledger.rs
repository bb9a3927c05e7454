//! `GET /_sim/requests`: what was asked for, billed and fetched.
//!
//! Not part of fal: it is here so that a test can say that nothing was paid twice.

use actix_web::{HttpResponse, Responder, web};

use crate::server::Sim;

pub(crate) async fn ledger(sim: web::Data<Sim>) -> impl Responder {
    HttpResponse::Ok().json(sim.requests.ledger())
}
