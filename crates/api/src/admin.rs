//! For operators: the state of the queue, its limits and pauses, and retries of failed jobs.

pub(crate) mod queue;
pub(crate) mod retry;
pub(crate) mod rules;

use actix_web::{
    Error,
    body::MessageBody,
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

async fn admit<B: MessageBody + 'static>(
    caller: Caller,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    caller.operates()?;
    next.call(request).await
}
