//! The versions of a picture: all jobs that edit one another's results.

use actix_web::{HttpRequest, HttpResponse, web};
use darkroom_core::store;

use super::{find, not_found, view::JobView};
use crate::{
    State,
    access::Caller,
    conditional::{self, Tag},
    docs::refusals::NoSuchJob,
    error::{ApiError, Problem},
    json,
};

/// List the versions of a picture
///
/// The whole tree of jobs, linked by their `parent_id`, that this one belongs to: in the order in which they were made,
/// so the root comes first. Of a tree of more than 1,000 jobs, those nearest to the root.
#[utoipa::path(get, path = "/api/jobs/{id}/versions", tag = "jobs", operation_id = "list_versions",
    params(
        ("id" = uuid::Uuid, Path, description = "The id of any job of the tree"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of an earlier answer: if nothing has changed since, the answer is a 304 without a body"),
    ),
    responses(
        (status = 200, description = "All jobs of the tree", body = Vec<JobView>,
            headers(
                ("ETag" = String, description = "Identifies the current state of the tree, for `If-None-Match`"),
                ("Cache-Control" = String, description = "`private, no-cache`: the client may keep the answer, but must revalidate it each time"),
            )),
        (status = 304, description = "Nothing has changed: the client has the current state already (`If-None-Match`)"),
        NoSuchJob,
        (status = 503, description = "The database cannot be reached, or too many large answers are being sent; send the request again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mut jobs = store::versions(&state.pool, find(&state, &caller, &path).await?.job.id).await?;
    // Where no key is needed, a caller without one may have edited the result of a key's job.
    jobs.retain(|job| caller.sees(job.api_key));
    if jobs.is_empty() {
        return Err(not_found());
    }
    let links = state.links(&request).await?;
    let views: Vec<JobView> = jobs.iter().map(|job| JobView::new(job, &links)).collect();
    let body = json::write(&views);
    let tag = Tag::of(body.as_bytes());
    conditional::json(&state, &request, &tag, body.into())
}
