//! What this is, and where to go from here.

use actix_web::{HttpRequest, HttpResponse, Resource, web};
use serde_json::json;

use crate::State;

pub(crate) fn resource() -> Resource {
    web::resource("/").get(describe).head(describe)
}

/// Describe the service
///
/// Its name and links; in development, without API keys, also its version.
#[utoipa::path(get, path = "/", tag = "service", operation_id = "describe_service",
    responses((status = 200, description = "The name of the service, and the addresses of its parts", body = serde_json::Value)))]
pub(crate) async fn describe(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let link = |path| state.link(&request, path);
    let mut told = json!({
        "name": "Darkroom",
        "provider": state.provider,
        "links": {
            "jobs": link("/api/jobs"),
            "docs": link("/docs"),
            "redoc": link("/redoc"),
            "openapi": link("/api-docs/openapi.json"),
            "health": link("/health"),
            "ready": link("/ready"),
        },
    });
    if let (Some(version), Some(told)) = (state.version, told.as_object_mut()) {
        told.insert("version".into(), version.into());
    }
    HttpResponse::Ok().json(told)
}
