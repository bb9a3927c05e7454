//! List jobs, newest first, a page at a time.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use darkroom_core::{
    job::JobId,
    store::{self, Page},
};

use super::view::JobView;
use crate::{
    State,
    error::{ApiError, Problem},
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
            headers(("Link" = Option<String>, description = "`<address>; rel=\"next\"`, while there are more"))),
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

    let mut response = HttpResponse::Ok();
    if let Some(last) = jobs.last().filter(|_| more) {
        let next = format!("/api/jobs?limit={}&cursor={}", page.limit, last.id);
        let link = format!("<{}>; rel=\"next\"", state.link(&request, &next));
        response.insert_header((header::LINK, link));
    }
    let views: Vec<JobView> =
        jobs.into_iter().map(|job| JobView::new(job, &state, &request)).collect();
    Ok(response.json(views))
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
