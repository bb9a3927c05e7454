//! For operators: the queue as it stands, its limits and pauses, and failed jobs tried again.

pub(crate) mod queue;
pub(crate) mod retry;
pub(crate) mod rules;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::{Next, from_fn},
    web,
};
use darkroom_core::config::{Config, Environment};
use secrecy::{ExposeSecret, SecretString};

use crate::{State, error::ApiError};

/// Bodies here are a few fields.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Who may operate the service.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    token: Option<SecretString>,
    environment: Environment,
}

impl Admin {
    pub(crate) fn new(config: &Config) -> Self {
        Self { token: config.server.admin_token.clone(), environment: config.environment }
    }

    fn admit(&self, shown: Option<&str>) -> Result<(), ApiError> {
        match (&self.token, self.environment) {
            (None, Environment::Development) => Ok(()),
            (None, Environment::Production) => Err(ApiError::AdminShut),
            (Some(token), _) => {
                let shown = shown.and_then(|header| header.strip_prefix("Bearer "));
                let matches = shown.is_some_and(|shown| {
                    // In the same time whatever is wrong about it.
                    constant_time_eq::constant_time_eq(
                        shown.trim().as_bytes(),
                        token.expose_secret().as_bytes(),
                    )
                });
                if matches { Ok(()) } else { Err(ApiError::NotAdmin) }
            }
        }
    }
}

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
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let shown = request.headers().get(header::AUTHORIZATION);
    state.admin.admit(shown.and_then(|header| header.to_str().ok()))?;
    next.call(request).await
}
