//! Limits how fast callers make requests, by key, or by address for callers without one.
//!
//! Jobs are counted on all replicas together; all other requests, and those under way at the same time, on each replica
//! by itself. Answers tell how much is left (source: draft-ietf-httpapi-ratelimit-headers).

mod address;
mod at_once;
mod headers;
mod other_requests;

use std::time::Duration;

use actix_web::{
    Error, FromRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
    web,
};
use darkroom_core::{config, store};

use self::{
    address::subject,
    at_once::{AtOnce, Place},
    other_requests::OtherRequests,
};
pub(crate) use headers::{RATE_LIMIT, RATE_LIMIT_POLICY};

use crate::{State, access::Caller, connection::Holding, error::ApiError};

/// The seconds for which the limits are given.
const WINDOW_SECONDS: u64 = 60;

/// The limits, and what is counted against them in this process.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    /// The limit of callers whose key has none of its own; `None` is no limit.
    jobs_per_minute: Option<u32>,
    others: Option<OtherRequests>,
    at_once: Option<AtOnce>,
    proxies: config::Networks,
}

/// Which requests are counted together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// Requests that make something that costs money.
    Job,
    /// All other requests that are counted.
    Other,
}

/// What a caller has left of a limit.
#[derive(Clone, Copy, Debug)]
struct Remaining {
    kind: Kind,
    /// How many are allowed in a minute.
    quota: u32,
    /// How many more are allowed now.
    left: u32,
    /// How long until all of `quota` is allowed again.
    full_in: Duration,
    /// `None` if the request was allowed, else how long to wait.
    wait: Option<Duration>,
}

impl Rate {
    pub(crate) fn new(settings: &config::Rate) -> Self {
        Self {
            jobs_per_minute: settings.jobs_per_minute,
            others: settings.reads_per_minute.map(OtherRequests::new),
            at_once: settings.requests_at_once.map(AtOnce::new),
            proxies: settings.trusted_proxies.clone(),
        }
    }
}

impl Kind {
    /// `None` for requests that are not counted: pages, probes, and the provider's.
    fn of(method: &Method, path: &str) -> Option<Self> {
        if !path.starts_with("/api/") && !path.starts_with("/v1/") {
            return None;
        }
        let makes_jobs = path == "/api/jobs" || path == "/v1/images/edits";
        let is_retry = path.starts_with("/api/jobs/") && path.ends_with("/retry");
        let is_job = *method == Method::POST && (makes_jobs || is_retry);
        Some(if is_job { Self::Job } else { Self::Other })
    }
}

/// Whether requests like this one are counted at all.
pub(crate) fn counts(method: &Method, path: &str) -> bool {
    Kind::of(method, path).is_some()
}

/// Refuses callers that are too fast or have too many requests under way, before any of the body is read.
pub(crate) async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let (remaining, place) = match admit(&request).await {
        Ok(admitted) => admitted,
        Err(error) => return Ok(request.error_response(error).map_into_right_body()),
    };
    let wait = remaining.and_then(|remaining| Some((remaining.quota, remaining.wait?)));
    let mut response = match wait {
        Some((quota, wait)) => {
            request.error_response(ApiError::too_fast(quota, wait)).map_into_right_body()
        }
        None => hold(place, next.call(request).await?),
    };
    if let Some(remaining) = remaining {
        headers::tell(response.headers_mut(), &remaining);
    }
    Ok(response)
}

/// Keeps the place until the answer is sent or given up.
fn hold<B: MessageBody + 'static>(
    place: Option<Place>,
    response: ServiceResponse<B>,
) -> ServiceResponse<EitherBody<B>> {
    match place {
        Some(place) => {
            response.map_body(|_head, body| EitherBody::right(Holding::with(place, body)))
        }
        None => response.map_into_left_body(),
    }
}

/// Counts the request, and takes its place among those under way, if requests like it are counted at all.
async fn admit(request: &ServiceRequest) -> Result<(Option<Remaining>, Option<Place>), ApiError> {
    // The path as it is routed, decoded: a client may write its letters as `%61`.
    let path = request.match_info().as_str();
    let (Some(kind), Some(state)) =
        (Kind::of(request.method(), path), request.app_data::<web::Data<State>>())
    else {
        return Ok((None, None));
    };
    let Rate { others, at_once, proxies, .. } = &state.rate;
    if kind == Kind::Other && others.is_none() && at_once.is_none() {
        return Ok((None, None));
    }
    // A caller whose key is refused is counted by its address, which costs the database nothing.
    let (kind, key) = match Caller::extract(request.request()).await {
        Ok(Caller::Key(key)) => (kind, Some(key)),
        Ok(Caller::Anybody { .. }) => (kind, None),
        Err(_refused) => (Kind::Other, None),
    };
    let subject = subject(key.as_deref(), request.request(), proxies);
    let place = at_once.as_ref().map(|at_once| at_once.take(&subject)).transpose()?;
    let remaining = match kind {
        Kind::Job => {
            let own = key.and_then(|key| key.limits.jobs_per_minute);
            let Some(quota) = own.or(state.rate.jobs_per_minute) else { return Ok((None, place)) };
            let taken = store::take(&state.pool, &subject, quota).await?;
            let store::Allowance { wait, left, full_in } = taken;
            Some(Remaining { kind, quota, left, full_in, wait })
        }
        Kind::Other => others.as_ref().map(|others| others.take(&subject)),
    };
    Ok((remaining, place))
}
