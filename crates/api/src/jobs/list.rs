//! List jobs, newest first, a page at a time.

mod query;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use darkroom_core::store::{self, Filter};

pub(crate) use self::query::Query;
use super::view::JobView;
use crate::{
    State,
    access::Caller,
    conditional::{self, Tag},
    error::{ApiError, Problem},
    json,
};

/// List jobs, newest first
///
/// Only jobs that pass all filters are listed. The `Link` header has the address of the next page with the same
/// filters, while there is one.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", operation_id = "list_jobs",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "How many jobs to list on a page; 50 if left out"),
        ("cursor" = Option<String>, Query, format = Uuid, description = "Where the page begins, as the `Link` header of the page before says; the first page if left out"),
        ("status" = Option<Vec<super::view::JobStatus>>, Query, style = Form, explode = false, min_items = 1, description = "Only jobs with one of these statuses; separate several by commas, or send the parameter several times"),
        ("model" = Option<String>, Query, max_length = 200, description = "Only jobs for this model"),
        ("parent_id" = Option<uuid::Uuid>, Query, description = "Only jobs that edit a result of this job"),
        ("created_after" = Option<String>, Query, format = DateTime, description = "Only jobs that were made after this moment (RFC 3339)"),
        ("created_before" = Option<String>, Query, format = DateTime, description = "Only jobs that were made before this moment (RFC 3339)"),
        ("metadata.KEY" = Option<String>, Query, description = "Only jobs whose metadata has this value under KEY at its top level: a string, a number, `true` or `false`. Can be sent for up to ten different keys"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier answer: if nothing has changed since, the answer is a 304 without a body"),
    ),
    responses(
        (status = 200, description = "A page of jobs", body = Vec<JobView>,
            headers(
                ("Link" = String, description = "`<address>; rel=\"next\"`: the address of the next page; not sent on the last one"),
                ("ETag" = String, description = "Identifies the current state of this page, for `If-None-Match`"),
                ("Cache-Control" = String, description = "`private, no-cache`: the client may keep the answer, but must revalidate it each time"),
            )),
        (status = 304, description = "Nothing has changed: the client has the current state already (`If-None-Match`)"),
        (status = 422, description = "A parameter is unknown or wrong, or was sent more than once; `field` names it, and `detail` says what is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database cannot be reached, or too many large answers are being sent; send the request again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::parse(request.query_string())?;
    let filter = Filter { api_key: caller.sees_only(), ..query.filter.clone() };
    let listed = store::list(&state.pool, query.page, &filter).await?;

    let links = state.links(&request).await?;
    let views: Vec<JobView> = listed.jobs.iter().map(|job| JobView::new(job, &links)).collect();
    let body = json::write(&views);
    let tag = Tag::of(body.as_bytes());
    let mut response = conditional::json(&state, &request, &tag, body.into())?;
    if let Some(next) = listed.next {
        let next = format!("/api/jobs?{}", query.after(next));
        let link = HeaderValue::try_from(format!("<{}{next}>; rel=\"next\"", links.base()));
        if let Ok(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}
