//! Requests that reach no handler.

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{StatusCode, header},
    middleware::{ErrorHandlerResponse, ErrorHandlers},
};

use super::ApiError;

/// Answers requests to paths that do not exist.
pub(crate) async fn no_such_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("There is nothing at this path. /docs describes the API."))
}

/// Gives the answer to a wrong method, which the framework sends with an empty body, a problem as its body.
pub(crate) fn fill_empty_bodies<B: MessageBody + 'static>() -> ErrorHandlers<B> {
    ErrorHandlers::new().handler(StatusCode::METHOD_NOT_ALLOWED, |response: ServiceResponse<B>| {
        let (request, response) = response.into_parts();
        let mut filled = HttpResponse::from_error(ApiError::MethodNotAllowed);
        if let Some(allow) = response.headers().get(header::ALLOW) {
            filled.headers_mut().insert(header::ALLOW, allow.clone());
        }
        let filled: HttpResponse<BoxBody> = filled;
        Ok(ErrorHandlerResponse::Response(
            ServiceResponse::new(request, filled).map_into_right_body(),
        ))
    })
}
