//! Endpoint ids and the URLs of a request (fal queue docs: hosts and id rules).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Serialize;
use uuid::Uuid;

use crate::problem::Problem;

/// The app part of an endpoint id; a request's URLs contain nothing else of the id.
///
/// `owner/app`, or one more segment under `workflows/` and `comfy/`.
pub(crate) fn app_of(endpoint_id: &str) -> Option<String> {
    let mut segments = endpoint_id.split('/').peekable();
    let length = match segments.peek() {
        Some(&("workflows" | "comfy")) => 3,
        _ => 2,
    };
    let app: Vec<&str> = segments.take(length).collect();
    (app.len() == length && app.iter().all(|segment| !segment.is_empty())).then(|| app.join("/"))
}

/// The request that one of its URLs names.
pub(crate) struct RequestPath {
    pub(crate) app: String,
    pub(crate) id: Uuid,
}

impl FromRequest for RequestPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = web::Path::<(String, Uuid)>::from_request(request, payload).into_inner();
        // An id of another form is no request's.
        ready(path.map_err(|_other| Problem::UnknownRequest).map(|path| {
            let (app, id) = path.into_inner();
            Self { app, id }
        }))
    }
}

/// The URLs by which a request is followed, fetched and cancelled.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Urls {
    #[serde(rename = "response_url")]
    response: String,
    #[serde(rename = "status_url")]
    status: String,
    #[serde(rename = "cancel_url")]
    cancel: String,
}

impl Urls {
    pub(crate) fn new(base_url: &str, app: &str, id: Uuid) -> Self {
        let response = format!("{base_url}/{app}/requests/{id}");
        Self {
            status: format!("{response}/status"),
            cancel: format!("{response}/cancel"),
            response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::app_of;

    #[test]
    fn the_app_is_the_first_two_segments() {
        assert_eq!(
            app_of("fal-ai/bytedance/seedream/v4/edit").as_deref(),
            Some("fal-ai/bytedance")
        );
        assert_eq!(app_of("owner/app").as_deref(), Some("owner/app"));
        assert_eq!(app_of("owner"), None);
        assert_eq!(app_of("owner//edit"), None);
    }

    #[test]
    fn two_namespaces_shift_the_app_by_one() {
        assert_eq!(app_of("workflows/owner/name/step").as_deref(), Some("workflows/owner/name"));
        assert_eq!(app_of("comfy/owner"), None);
    }
}
