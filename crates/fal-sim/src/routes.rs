//! Which path goes where.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};

use crate::problem::Problem;
use crate::{cancel, files, ledger, result, status, submit, upload};

/// The largest body of a submission; pictures may come inside as data URIs.
const SUBMISSION_BYTES: usize = 64 * 1024 * 1024;

/// `owner/app`, or three segments in the two namespaces that shift by one
/// (fal queue docs: hosts and id rules).
const APP: &str = "{app:(?:(?:workflows|comfy)/)?[^/]+/[^/]+}";

/// Every path of the stand-in.
///
/// The submission comes last, as it takes any path of two segments or more. Another method
/// there is 405, which is also what fal says to a status URL with the whole endpoint id.
pub(crate) fn all(routes: &mut ServiceConfig) {
    routes
        .app_data(web::PayloadConfig::new(SUBMISSION_BYTES))
        .service(web::resource("/").get(index))
        .service(web::resource("/_sim/requests").get(ledger::ledger))
        .service(web::resource("/storage/upload/initiate").post(upload::initiate))
        .service(web::resource("/files/upload/{id}/{name}").put(upload::receive))
        .service(web::resource("/files/b/{id}/{name}").get(files::serve))
        .service(web::resource(format!("/{APP}/requests/{{id}}")).get(result::result))
        .service(web::resource(format!("/{APP}/requests/{{id}}/status")).get(status::status))
        .service(web::resource(format!("/{APP}/requests/{{id}}/cancel")).put(cancel::cancel))
        .service(web::resource("/{endpoint_id:.+/.+}").post(submit::submit))
        .default_service(web::to(nowhere));
}

async fn index() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(
        "A stand-in for fal.ai's queue. It speaks the protocol and edits the picture itself; \
         nothing leaves this server and nothing is billed.\n\n\
         POST /{endpoint_id}                     submit\n\
         GET  /{owner}/{app}/requests/{id}/status\n\
         GET  /{owner}/{app}/requests/{id}       result\n\
         PUT  /{owner}/{app}/requests/{id}/cancel\n\
         POST /storage/upload/initiate           upload\n\
         GET  /_sim/requests                     what was asked for, oldest first\n",
    )
}

async fn nowhere(request: actix_web::HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::NoPath(request.path().to_owned()))
}
