//! List jobs, newest first, a page at a time.

mod query;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web,
};
use darkroom_core::store::{self, Filter, Page};

pub(crate) use self::query::Query;
use super::view::JobView;
use crate::{
    State,
    access::Caller,
    conditional,
    error::{ApiError, Problem},
    json,
    watch::tag_of,
};

/// List jobs, newest first
///
/// Only jobs that pass all filters are listed. The `Link` header has the address of the next page with the same
/// filters, while there is one.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", operation_id = "list_jobs",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Jobs on a page; 50 unless said"),
        ("cursor" = Option<String>, Query, format = Uuid, description = "From the `Link` header of the page before"),
        ("status" = Option<Vec<super::view::JobStatus>>, Query, style = Form, explode = false, min_items = 1, description = "Of any of these; several are separated by commas, or sent one by one"),
        ("model" = Option<String>, Query, max_length = 200, description = "Edited by this model"),
        ("parent_id" = Option<uuid::Uuid>, Query, description = "Edits of this job's result"),
        ("created_after" = Option<String>, Query, format = DateTime, description = "Made after this moment, RFC 3339"),
        ("created_before" = Option<String>, Query, format = DateTime, description = "Made before this moment, RFC 3339"),
        ("metadata.KEY" = Option<String>, Query, description = "Whose metadata has this value under KEY at its top level: a string, or a number, `true` or `false`. Up to ten keys"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an answer that the client has"),
    ),
    responses(
        (status = 200, description = "A page of jobs", body = Vec<JobView>,
            headers(
                ("Link" = String, description = "`<address>; rel=\"next\"`, while there are more"),
                ("ETag" = String, description = "Names this page as it stands"),
                ("Cache-Control" = String, description = "`private, no-cache`: kept, and asked for again each time"),
            )),
        (status = 304, description = "The client has it already (`If-None-Match`)"),
        (status = 422, description = "A parameter is unknown or not what it should be; `field` says which", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::parse(request.query_string())?;
    let filter = Filter { api_key: caller.sees_only(), ..query.filter.clone() };
    let page = query.page;
    // One job more than asked for shows whether there is a next page.
    let one_more = Page { limit: page.limit + 1, ..page };
    let mut jobs = store::list_filtered(&state.pool, one_more, &filter).await?;
    let more = jobs.len() > usize::from(page.limit);
    jobs.truncate(page.limit.into());

    let links = state.links(&request).await?;
    let views: Vec<JobView> = jobs.iter().map(|job| JobView::new(job, &links)).collect();
    let body = json::write(&views);
    let mut response =
        conditional::json(StatusCode::OK, &request, &tag_of(body.as_bytes()), body.into());
    if let Some(last) = jobs.last().filter(|_| more) {
        let next = format!("/api/jobs?{}", query.after(last.id));
        let link = HeaderValue::try_from(format!("<{}{next}>; rel=\"next\"", links.base()));
        if let Ok(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}
