//! Is the process alive, and can it do its work?

use std::{sync::Arc, time::Duration};

use actix_web::{HttpResponse, http::header, web};
use darkroom_core::{
    db::{self, Pool},
    queue::{self, Halt},
};
use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};
use tokio::{sync::Mutex, time::Instant};
use utoipa::ToSchema;

use crate::{State, error::RETRY_AFTER_SECONDS};

/// How long an answer holds: nobody keeps the database busy by asking.
const KEPT: Duration = Duration::from_secs(1);

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/health").get(live).head(live))
        .service(web::resource("/ready").get(ready).head(ready));
}

/// Whether the process is alive.
#[derive(Serialize, ToSchema)]
pub(crate) struct Live {
    /// `ok`
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// What the service needs to do its work.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `database` and `schema` both hold.
    #[serde(rename = "ready")]
    can_serve: bool,
    /// The database answers.
    database: bool,
    /// The schema is what this version needs.
    schema: bool,
    /// Set while jobs are accepted and not submitted: the provider does not accept the account.
    #[schema(required)]
    halted: Option<HaltView>,
    /// Submissions of all jobs that are kept of which it never came out whether the provider has them:
    /// each may be paid for and lost.
    #[schema(required)]
    unknown_submissions: Option<i64>,
}

/// Why jobs are not submitted at the moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Halt)]
pub(crate) struct HaltView {
    /// As a job's failure would say it.
    #[schema(example = "provider_balance")]
    code: String,
    /// Since when.
    #[serde(with = "rfc3339")]
    since: OffsetDateTime,
}

/// Whether the process is alive
///
/// Asks nothing of anyone: a database that is away is no reason to restart the API.
#[utoipa::path(get, path = "/health", tag = "service", operation_id = "get_health",
    responses((status = 200, description = "It is", body = Live)))]
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Live { status: "ok" })
}

/// Whether requests can be served
#[utoipa::path(get, path = "/ready", tag = "service", operation_id = "get_readiness",
    responses(
        (status = 200, description = "The database answers and its schema is current", body = Ready),
        (status = 503, description = "Not now; the body says why", body = Ready),
    ))]
pub(crate) async fn ready(state: web::Data<State>) -> HttpResponse {
    let ready = state.readiness.look(&state.pool).await;
    if ready.can_serve {
        HttpResponse::Ok().json(ready)
    } else {
        HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS))
            .json(ready)
    }
}

/// What was seen last. One at a time looks; whoever asks meanwhile is told the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<Mutex<Option<(Instant, Ready)>>>);

impl Readiness {
    async fn look(&self, pool: &Pool) -> Ready {
        let mut seen = self.0.lock().await;
        if let Some((at, ready)) = &*seen
            && at.elapsed() < KEPT
        {
            return ready.clone();
        }
        let ready = Ready::look(pool).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "not ready");
            Ready::default()
        });
        *seen = Some((Instant::now(), ready.clone()));
        ready
    }
}

impl Ready {
    async fn look(pool: &Pool) -> Result<Self, db::Error> {
        if !db::schema_is_current(pool).await? {
            return Ok(Self { database: true, ..Self::default() });
        }
        let halted = queue::halted(pool).await?;
        Ok(Self {
            // Jobs are accepted during a halt, so it is no reason to send requests elsewhere.
            can_serve: true,
            database: true,
            schema: true,
            halted: halted.map(Into::into),
            unknown_submissions: Some(queue::unknown_attempts(pool).await?),
        })
    }
}

impl From<Halt> for HaltView {
    fn from(halt: Halt) -> Self {
        Self { code: halt.failure_code, since: halt.since }
    }
}
