//! The contract (the OpenAPI document), generated from the code, and two pages that show it.

mod answers;
mod examples;
pub(crate) mod refusals;
mod security;

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::ContentType, web};
use bytes::Bytes;
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use self::{answers::Answers, examples::Examples, security::Security};
use crate::{admin, error, health, images, jobs, json, metrics, models, openai, root, usage};

/// The contract of the HTTP face.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Darkroom",
        description = "AI image editing, queued: post an image and a prompt, watch the job, fetch the result.\n\nErrors are problems (RFC 9457), told apart by `code`; docs/errors.md says what to do about each. A method that a path does not take is answered with 405 `method_not_allowed`, and `Allow` lists those that it takes.",
        license(name = "MIT OR Apache-2.0"),
    ),
    modifiers(&Security, &Answers, &Examples),
    paths(
        jobs::create::create,
        jobs::list::list,
        jobs::get::get,
        jobs::events::job::follow,
        jobs::events::all::follow,
        jobs::progress::get,
        jobs::cancel::cancel,
        jobs::retry::retry,
        jobs::delete::delete,
        jobs::attempts::list,
        jobs::deliveries::list,
        jobs::deliveries::replay::replay,
        jobs::versions::list,
        images::get::get,
        models::list,
        openai::edit::edit,
        admin::queue::read,
        admin::rules::pause,
        admin::rules::resume,
        admin::rules::limit,
        admin::retry::retry,
        usage::read,
        metrics::scrape,
        root::describe,
        health::live,
        health::ready,
    ),
    components(schemas(error::Problem)),
    tags(
        (name = "jobs", description = "Make, follow and manage edits"),
        (name = "images", description = "The pictures that were sent, and the results"),
        (name = "models", description = "The models on offer, with their options and prices"),
        (name = "openai", description = "Edits for OpenAI's own clients, with OpenAI's requests, answers and errors"),
        (name = "usage", description = "How many jobs and images were made, and what they cost"),
        (name = "admin", description = "For operators: the queue, its limits and pauses, and metrics. Where API keys are needed, these operations take only keys that were made with `--admin`"),
        (name = "service", description = "The service itself"),
    ),
)]
struct Contract;

/// The OpenAPI document that the server serves, and that `openapi/openapi.json` holds.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Contract::openapi()
}

/// The path of the document.
const DOCUMENT: &str = "/api-docs/openapi.json";

/// The document as JSON, made at the first request, once for all threads: kept as a tree, it would be most of what an
/// idle process holds.
static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| json::write(&openapi()).into());

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    // The base layout has no bar that asks for another document's address.
    let shown = Config::new([DOCUMENT]).use_base_layout();
    config
        .service(web::redirect("/docs", "/docs/"))
        .service(web::resource(DOCUMENT).get(document).head(document))
        .service(SwaggerUi::new("/docs/{_:.*}").config(shown))
        .service(web::resource("/redoc").get(redoc).head(redoc))
        .service(web::resource("/redoc/redoc.standalone.js").get(redoc_script));
}

async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(WRITTEN.clone())
}

async fn redoc() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(include_str!("../assets/redoc.html"))
}

async fn redoc_script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("../assets/redoc/redoc.standalone.js"))
}
