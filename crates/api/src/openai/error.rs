//! Errors in OpenAI's format, for everything under `/v1`.

use actix_web::{
    Error,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::code::AnyCode;
use crate::{error::ApiError, jobs::idempotency, json};

/// Tells the clients whether to retry by themselves; it overrides the status (source: openai-python,
/// `_base_client.py`).
pub(crate) const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Why a request was refused or failed, in OpenAI's format.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiError)]
pub(crate) struct ErrorBody {
    /// What went wrong.
    error: ErrorDetail,
}

/// What went wrong, in OpenAI's words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiErrorDetail, example = json!({
    "message": "The field 'prompt' is missing.", "type": "invalid_request_error",
    "param": "prompt", "code": "missing_field"
}))]
struct ErrorDetail {
    /// What is wrong, in a sentence for people.
    message: String,
    /// `invalid_request_error`, `image_generation_user_error`, `rate_limit_error` or `server_error`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// The field at fault, if it is a single one; else null.
    #[schema(required)]
    param: Option<String>,
    /// Identifies the error, for programs: `docs/errors.md` lists all codes.
    #[schema(value_type = String)]
    code: AnyCode,
}

impl ErrorBody {
    /// An error of this kind (OpenAI's `type`).
    pub(super) fn new(
        kind: &'static str,
        code: impl Into<AnyCode>,
        param: Option<&str>,
        message: impl Into<String>,
    ) -> Self {
        let (message, param) = (message.into(), param.map(Into::into));
        Self { error: ErrorDetail { message, kind, param, code: code.into() } }
    }

    /// An error of any part of the API, in OpenAI's words, with the status for it.
    fn of(error: &ApiError) -> (StatusCode, Self) {
        let code = error.code();
        let status = match code.status() {
            // OpenAI's clients know no other status for a request that is wrong.
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                StatusCode::BAD_REQUEST
            }
            status => status,
        };
        let kind = match status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        (status, Self::new(kind, code, error.field(), error.to_string()))
    }
}

/// Whether a retry may help and buys nothing twice; `None` where the status says enough.
fn should_retry(error: &ApiError, status: StatusCode, has_key: bool) -> Option<bool> {
    match error {
        // If the database's answer was lost, there may be a job.
        ApiError::Unavailable(cause) | ApiError::JobMayExist(cause) => {
            Some(has_key || cause.has_done_nothing())
        }
        ApiError::Busy | ApiError::KeysAway(_) => Some(true),
        _ if status.is_server_error() || status == StatusCode::CONFLICT => Some(false),
        _ => None,
    }
}

/// Rewrites errors under `/v1` in OpenAI's format; their headers stay.
pub(crate) async fn translate<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let path = request.match_info().as_str();
    let is_theirs = path == "/v1" || path.starts_with("/v1/");
    let has_key = request.headers().contains_key(idempotency::KEY);
    let response = next.call(request).await?;
    let error = response.response().error().filter(|_| is_theirs);
    let Some(error) = error.and_then(|error| error.as_error::<ApiError>()) else {
        return Ok(response.map_into_left_body());
    };
    let (status, body) = ErrorBody::of(error);
    let should_retry = should_retry(error, status, has_key);
    let body = BoxBody::new(json::write(&body));
    let (request, response) = response.into_parts();
    let mut response = response.set_body(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(should_retry) = should_retry {
        headers.insert(SHOULD_RETRY, flag(should_retry));
    }
    Ok(ServiceResponse::new(request, response).map_into_right_body())
}

/// The value of `x-should-retry`.
pub(super) fn flag(is_set: bool) -> HeaderValue {
    HeaderValue::from_static(if is_set { "true" } else { "false" })
}

#[cfg(test)]
mod tests {
    use darkroom_core::db;

    use super::*;

    #[test]
    fn what_may_have_come_to_a_job_is_asked_for_again_under_a_key_only() {
        let lost = ApiError::of_making(db::Error::unanswered("asking for a job"));
        assert!(lost.to_string().contains("Idempotency-Key"), "{lost}");
        for (has_key, again) in [(false, "false"), (true, "true")] {
            let told = should_retry(&lost, StatusCode::SERVICE_UNAVAILABLE, has_key);
            assert_eq!(told.map(flag), Some(HeaderValue::from_static(again)));
        }
        assert_eq!(
            should_retry(&ApiError::Busy, StatusCode::SERVICE_UNAVAILABLE, false),
            Some(true)
        );
    }
}
