//! Notices: the provider's webhook, which says that a request has ended.
//!
//! A notice is believed only with two proofs: the MAC in the address proves that the address was given out for this
//! very attempt, and the signature proves that fal itself is calling. The answer is quick, because the end is only
//! recorded: the worker that has the job fetches the result.

use actix_web::{HttpRequest, HttpResponse, error::PayloadError, web};
use darkroom_core::{
    callback,
    fal::{WebhookError, WebhookHeaders},
    queue::{self, Noticed},
};

use crate::{State, error::ApiError};

/// The most bytes of a notice: results hold only the addresses of pictures.
const MAX_BYTES: usize = 1024 * 1024;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let path = format!("{}/{{job}}/{{attempt}}/{{mac}}", callback::PATH);
    config.service(web::resource(path).post(hear));
}

/// Hears a notice. Not in the contract, because it is not for clients.
async fn hear(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
    path: web::Path<(String, String, String)>,
) -> Result<HttpResponse, ApiError> {
    let nowhere = || ApiError::NotFound("No webhook is expected at this address.");
    let (job, attempt, mac) = path.into_inner();
    let (Ok(job), Ok(attempt)) = (job.parse(), attempt.parse()) else {
        return Err(nowhere());
    };
    let callback = state.callback.get(&state.pool).await?.ok_or_else(nowhere)?;
    if !callback.is_authentic(job, attempt, &mac) {
        return Err(nowhere());
    }
    let body = match payload.to_bytes_limited(MAX_BYTES).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            let error = error.as_error().unwrap_or(&PayloadError::EncodingCorrupted);
            return Err(ApiError::of_body(error));
        }
        Err(_limit) => {
            return Err(ApiError::MalformedBody("The body has more bytes than a webhook has."));
        }
    };
    let headers = headers(&request).ok_or(ApiError::Unauthentic)?;
    let notice = match state.webhooks.verify(&headers, &body).await {
        Ok(notice) => notice,
        Err(WebhookError::Unauthentic) => return Err(ApiError::Unauthentic),
        Err(WebhookError::Malformed(_)) => {
            return Err(ApiError::MalformedBody("The body is not a webhook of the provider."));
        }
        Err(WebhookError::KeysUnavailable(error)) => return Err(ApiError::KeysAway(error)),
    };

    let model = queue::attempted_model(&state.pool, job, attempt).await?.ok_or_else(nowhere)?;
    let submission = state.webhooks.submission(&model, &notice);
    match queue::record_notice(&state.pool, job, attempt, &submission).await? {
        Noticed::Open => state.waker.ended(job),
        Noticed::GivenUp => {
            tracing::error!(job.id = %job, job.attempt = attempt,
                provider.request_id = submission.provider_request_id,
                "an attempt that was given up as unknown was made after all");
        }
        Noticed::Ended | Noticed::Nothing => {}
    }
    Ok(HttpResponse::NoContent().finish())
}

fn headers(request: &HttpRequest) -> Option<WebhookHeaders<'_>> {
    let header = |name| request.headers().get(name)?.to_str().ok();
    Some(WebhookHeaders {
        request_id: header("x-fal-webhook-request-id")?,
        user_id: header("x-fal-webhook-user-id")?,
        timestamp: header("x-fal-webhook-timestamp")?,
        signature: header("x-fal-webhook-signature")?,
    })
}
