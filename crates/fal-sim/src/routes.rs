//! The paths and their handlers.

use actix_web::guard::fn_guard;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource, Responder};

use crate::problem::Problem;
use crate::upload::{cdn, multipart, two_step};
use crate::{cancel, faults, files, history, ledger, result, status, stream, submit, webhook};

/// The largest body of a submission, which may contain pictures as data URIs.
const SUBMISSION_BYTES: usize = 64 * 1024 * 1024;

/// `owner/app`, or three segments under `workflows/` and `comfy/`
/// (fal queue docs: hosts and id rules).
const APP: &str = "{app:(?:(?:workflows|comfy)/)?[^/]+/[^/]+}";

/// Every path of the stand-in. A resource with a name is a place where faults may strike.
///
/// The submission comes last, as it takes any path of two segments or more. It answers 405 to
/// any other method, as fal does to a status URL with the whole endpoint id.
pub(crate) fn all(routes: &mut ServiceConfig) {
    let parts = |rest: &str| format!("/files/b/{{id}}/{{name}}/multipart/{{upload}}/{rest}");
    let app = |rest: &str| format!("/{APP}/requests/{rest}");
    routes
        .app_data(web::PayloadConfig::new(SUBMISSION_BYTES))
        .service(web::resource("/").get(index))
        .service(web::resource("/_sim/requests").get(ledger::ledger))
        .service(
            web::resource("/_sim/faults")
                .get(faults::show)
                .put(faults::replace)
                .delete(faults::clear),
        )
        .service(web::resource("/.well-known/jwks.json").get(webhook::jwks))
        .service(place("history", "/v1/models/requests/by-endpoint").get(history::history))
        .service(place("token", "/storage/auth/token").post(cdn::token))
        .service(place("initiate", "/storage/upload/initiate").post(two_step::initiate))
        .service(
            place("initiate-parts", "/storage/upload/initiate-multipart").post(multipart::initiate),
        )
        .service(place("upload-file", "/files/upload").post(cdn::upload))
        .service(place("upload-parts", "/files/upload/multipart").post(multipart::open))
        .service(place("upload", "/files/upload/{id}/{name}").put(two_step::receive))
        .service(place("upload-end", &parts("complete")).post(multipart::complete))
        .service(place("upload-part", &parts("{number}")).put(multipart::receive))
        .service(place("download", "/files/b/{id}/{name}").get(files::serve))
        .service(place("result", &app("{id}")).get(result::result))
        .service(place("response", &app("{id}/response")).get(result::result))
        .service(place("status", &app("{id}/status")).get(status::status))
        .service(place("stream", &app("{id}/status/stream")).get(stream::stream))
        .service(place("cancel", &app("{id}/cancel")).put(cancel::cancel))
        .service(
            place("submit", "/{endpoint_id:.+/.+}")
                .route(web::post().guard(fn_guard(submit::is_direct)).to(submit::run_directly))
                .route(web::post().to(submit::submit)),
        )
        .default_service(web::to(nowhere));
}

fn place(name: &str, path: &str) -> Resource {
    web::resource(path).name(name)
}

async fn index() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(
        "A stand-in for fal.ai's queue. It speaks the protocol and edits the picture itself; \
         nothing leaves this server and nothing is billed.\n\n\
         POST /{endpoint_id}                     submit; to the host fal.run: run at once\n\
         GET  /{owner}/{app}/requests/{id}/status\n\
         GET  /{owner}/{app}/requests/{id}       result\n\
         PUT  /{owner}/{app}/requests/{id}/cancel\n\
         POST /storage/upload/initiate           upload, in parts with -multipart\n\
         POST /storage/auth/token                a token for POST /files/upload\n\
         GET  /{owner}/{app}/requests/{id}/status/stream\n\
         GET  /v1/models/requests/by-endpoint    finished requests\n\
         GET  /.well-known/jwks.json             the key of the webhooks\n\
         GET, PUT, DELETE /_sim/faults           what goes wrong\n\
         GET  /_sim/requests                     what was asked for, oldest first\n",
    )
}

async fn nowhere(request: actix_web::HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::NoPath(request.path().to_owned()))
}
