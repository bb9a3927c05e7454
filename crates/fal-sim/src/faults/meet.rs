//! The middleware that applies faults to calls: those whose route has the name of a place.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use futures_util::StreamExt;

use super::{Place, Reset, Strike, torn};
use crate::server::Sim;

pub(crate) async fn meet(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(strike) = strike(&request) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    if let Some(latency) = strike.latency {
        tokio::time::sleep(latency).await;
    }
    if strike.reset() == Some(Reset::Before) {
        return Ok(request.into_response(torn::unanswered()));
    }
    if let Some(answer) = strike.answer() {
        let request_id = request_id(request.path());
        let response = answer.respond(request_id.as_deref());
        if answer.processed {
            let carried_out = next.call(request).await?;
            return Ok(carried_out.into_response(response));
        }
        return Ok(unread(request).await.into_response(response));
    }

    let (reset, bytes_per_second) = (strike.reset(), strike.bytes_per_second());
    // The other effects are for the handler itself.
    request.extensions_mut().insert(strike);
    let response = next.call(request).await?.map_into_boxed_body();
    match (reset, bytes_per_second) {
        (Some(Reset::After), _) => Ok(response.into_response(torn::unanswered())),
        (Some(Reset::Midway), _) => Ok(response.map_body(|_, body| torn::cut(body))),
        (_, Some(bytes_per_second)) => {
            Ok(response.map_body(|_, body| torn::slow(body, bytes_per_second)))
        }
        _ => Ok(response),
    }
}

/// What goes wrong with this call; `None` if no fault is set for its place.
fn strike(request: &ServiceRequest) -> Option<Strike> {
    let place = Place::named(request.request().match_name()?)?;
    let sim = request.app_data::<web::Data<Sim>>()?;
    if !sim.faults.may_strike(place) {
        return None;
    }
    let endpoint_id = place.endpoint_of(request.path(), sim);
    Some(sim.faults.strike(place, endpoint_id.as_deref()))
}

/// The request's id in a path.
fn request_id(path: &str) -> Option<String> {
    let (_, rest) = path.rsplit_once("/requests/")?;
    rest.split('/').next().map(str::to_owned)
}

/// Reads and drops the call's body, so that the caller gets as far as reading the answer.
async fn unread(mut request: ServiceRequest) -> ServiceRequest {
    let mut payload = request.take_payload();
    while let Some(Ok(_)) = payload.next().await {}
    request
}
