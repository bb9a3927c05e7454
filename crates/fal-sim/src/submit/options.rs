//! The query parameters and headers of a submission
//! (fal docs: common parameters, request headers).

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Query;
use serde::Deserialize;
use url::Url;

use crate::problem::Problem;

/// A start deadline must be greater than this, in seconds.
const LEAST_DEADLINE: f64 = 0.1;

#[derive(Deserialize)]
struct Parameters {
    fal_webhook: Option<String>,
    fal_max_queue_length: Option<usize>,
}

/// A caller's wishes that are not part of the model's input.
pub(super) struct Options {
    pub(super) webhook: Option<Url>,
    pub(super) longest_queue: Option<usize>,
    /// How long the request may wait for its start.
    pub(super) start_within: Option<Duration>,
    pub(super) stored: bool,
}

impl Options {
    pub(super) fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let parameters = Query::<Parameters>::from_query(request.query_string())
            .map_err(|error| Problem::BadRequest(error.to_string()))?
            .into_inner();
        let webhook = match &parameters.fal_webhook {
            Some(url) => Some(read_webhook(url)?),
            None => None,
        };
        Ok(Self {
            webhook,
            longest_queue: parameters.fal_max_queue_length,
            start_within: start_within(request)?,
            stored: header(request, "X-Fal-Store-IO") != Some("0"),
        })
    }
}

fn read_webhook(url: &str) -> Result<Url, Problem> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| Problem::BadRequest("fal_webhook is not a URL".to_owned()))
}

fn start_within(request: &HttpRequest) -> Result<Option<Duration>, Problem> {
    let name = "X-Fal-Request-Timeout";
    let Some(given) = header(request, name) else {
        return Ok(None);
    };
    let seconds = given.trim().parse().ok().filter(|seconds| *seconds > LEAST_DEADLINE);
    let deadline = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let wrong = || Problem::BadRequest(format!("{name} must be greater than {LEAST_DEADLINE}"));
    deadline.ok_or_else(wrong).map(Some)
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}
