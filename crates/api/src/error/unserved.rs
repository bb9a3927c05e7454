//! Requests that reach no handler.

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{StatusCode, header},
    middleware::{ErrorHandlerResponse, ErrorHandlers},
};

use super::ApiError;

/// For paths that nobody serves.
pub(crate) async fn no_such_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("There is nothing at this path. The API is described at /docs."))
}

/// The framework answers a wrong method with an empty body: gives it one.
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
