//! List jobs, newest first, a page at a time.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web,
};
use darkroom_core::{
    job::JobId,
    store::{self, Page},
};

use super::view::JobView;
use crate::{
    State, conditional,
    error::{ApiError, Problem},
    watch::tag_of,
};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

/// List jobs, newest first
///
/// The `Link` header has the address of the next page while there is one.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", operation_id = "list_jobs",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Jobs on a page; 50 unless said"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
    ),
    responses(
        (status = 200, description = "A page of jobs", body = Vec<JobView>,
            headers(
                ("Link" = Option<String>, description = "`<address>; rel=\"next\"`, while there are more"),
                ("ETag" = String, description = "Names this page as it stands"),
                ("Cache-Control" = String, description = "`private, no-cache`: kept, and asked for again each time"),
            )),
        (status = 304, description = "The client has it already (`If-None-Match`)"),
        (status = 422, description = "`limit` or `cursor` is not what it should be", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let page = parse(request.query_string())?;
    // One more than asked for tells whether there is a next page.
    let mut jobs = store::list(&state.pool, Page { limit: page.limit + 1, ..page }).await?;
    let more = jobs.len() > usize::from(page.limit);
    jobs.truncate(page.limit.into());

    let base = state.base(&request);
    let views: Vec<JobView> = jobs.iter().map(|job| JobView::new(job, &base)).collect();
    // A view has nothing that JSON cannot hold.
    let body = serde_json::to_vec(&views).unwrap_or_default();
    let mut response = conditional::json(StatusCode::OK, &request, tag_of(&body), body.into());
    if let Some(last) = jobs.last().filter(|_| more) {
        let next = format!("/api/jobs?limit={}&cursor={}", page.limit, last.id);
        let link = HeaderValue::try_from(format!("<{base}{next}>; rel=\"next\""));
        if let Ok(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

fn parse(query: &str) -> Result<Page, ApiError> {
    let mut page = Page { before: None, limit: DEFAULT_LIMIT };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "limit" => page.limit = parse_limit(&value)?,
            "cursor" => page.before = Some(parse_cursor(&value)?),
            _ => {
                let detail = format!("There is no parameter '{name}'; limit and cursor are taken.");
                return Err(ApiError::invalid("unknown_parameter", &name, detail));
            }
        }
    }
    Ok(page)
}

fn parse_limit(text: &str) -> Result<u16, ApiError> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("The limit must be a whole number from 1 to {MAX_LIMIT}.");
        ApiError::invalid("invalid_limit", "limit", detail)
    })
}

fn parse_cursor(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_malformed| {
        let detail = "The cursor must come from the Link header of the page before.";
        ApiError::invalid("invalid_cursor", "cursor", detail)
    })
}
