//! For operators: the state of the queue, its limits and pauses, and retries of failed jobs.

pub(crate) mod queue;
pub(crate) mod retry;
pub(crate) mod rules;

use actix_web::{
    Error, FromRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web,
};

use crate::access::Caller;

/// The most bytes of a body: it has only a few fields.
const MAX_BODY_BYTES: usize = 16 * 1024;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/api/admin")
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .wrap(from_fn(admit))
            .service(web::resource("/queue").get(queue::read).head(queue::read))
            .service(web::resource("/queue/pause").post(rules::pause))
            .service(web::resource("/queue/resume").post(rules::resume))
            .service(web::resource("/queue/limit").put(rules::limit))
            .service(web::resource("/queue/retry").post(retry::retry)),
    );
}

/// Lets in operators only. A refusal is an answer: an error would pass by the layers around this one, which log and
/// count it and add its headers.
async fn admit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let caller = Caller::extract(request.request()).await;
    match caller.and_then(|caller| caller.operates()) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refusal) => Ok(request.error_response(refusal).map_into_right_body()),
    }
}
