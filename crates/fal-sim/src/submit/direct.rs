//! `POST https://fal.run/{endpoint_id}`: no queue, the call waits for the answer
//! (fal docs: direct run, concurrency limits).
//!
//! fal has another host for it; here the `Host` header decides ([`Settings::run_hosts`]).
//!
//! [`Settings::run_hosts`]: crate::Settings::run_hosts

use actix_web::guard::GuardContext;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use super::Options;
use crate::authorization::KeyHolder;
use crate::problem::Problem;
use crate::requests::Request;
use crate::server::Sim;
use crate::{result, run};

/// Whether a call was made to a host that runs without a queue.
pub(crate) fn is_direct(call: &GuardContext<'_>) -> bool {
    let host = call.head().headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let sim = call.app_data::<web::Data<Sim>>();
    let hosts = sim.map(|sim| sim.settings.run_hosts.as_slice()).unwrap_or_default();
    name.is_some_and(|name| hosts.iter().any(|host| host.eq_ignore_ascii_case(name)))
}

/// Runs at once, or refuses at once. If the caller hangs up, the run goes on and is billed.
pub(crate) async fn run_directly(
    request: HttpRequest,
    key: KeyHolder,
    endpoint_id: web::Path<String>,
    body: Bytes,
    sim: web::Data<Sim>,
) -> Result<HttpResponse, Problem> {
    let options = Options::read(&request)?;
    let submission = super::read(&request, key, endpoint_id.into_inner(), &body, options)?;
    let started = sim.requests.start_at_once(submission).ok_or(Problem::AtOnceTooMany)?;
    let id = started.id;
    let changes = sim.requests.with(id, |request| request.changes());
    let mut changes = changes.ok_or(Problem::UnknownRequest)?;
    run::start(&sim.clone().into_inner(), started);

    loop {
        let answer = sim.requests.with(id, Request::hand_out).ok_or(Problem::UnknownRequest)?;
        if let Some(answer) = answer {
            return Ok(result::respond(id, answer));
        }
        changes.changed().await.ok().ok_or(Problem::UnknownRequest)?;
    }
}
