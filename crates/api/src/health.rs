//! `/health`, whether the process is alive, and `/ready`, whether it can do its work.

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

/// How long an answer is reused, so that probes cannot keep the database busy.
const KEPT: Duration = Duration::from_secs(1);

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/health").get(live).head(live))
        .service(web::resource("/ready").get(ready).head(ready));
}

/// Whether the process is alive.
#[derive(Serialize, ToSchema)]
pub(crate) struct Live {
    /// Always `ok`.
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Whether the service has what it needs to do its work.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// Whether requests can be served: `database` and `schema` are both true.
    #[serde(rename = "ready")]
    can_serve: bool,
    /// Whether the database answers.
    database: bool,
    /// Whether the database's schema is the one that this version needs.
    schema: bool,
    /// Set while jobs are accepted but not submitted, because the provider does not accept the account; else null.
    #[schema(required)]
    halted: Option<HaltView>,
    /// How many submissions of jobs that are kept may or may not have reached the provider: each may be paid for and
    /// lost. Null if that cannot be read.
    #[schema(required)]
    unknown_submissions: Option<i64>,
}

/// Why jobs are not submitted at the moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Halt)]
pub(crate) struct HaltView {
    /// The reason, as the `code` of a job's `error`.
    #[schema(example = "provider_balance")]
    code: String,
    /// Since when submissions are halted.
    #[serde(with = "rfc3339")]
    since: OffsetDateTime,
}

/// Whether the process is alive
///
/// This does not ask the database: a database that is away is no reason to restart the API.
#[utoipa::path(get, path = "/health", tag = "service", operation_id = "get_health",
    responses((status = 200, description = "The process is alive", body = Live)))]
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Live { status: "ok" })
}

/// Whether requests can be served
#[utoipa::path(get, path = "/ready", tag = "service", operation_id = "get_readiness",
    responses(
        (status = 200, description = "The database answers and its schema is current", body = Ready),
        (status = 503, description = "Requests cannot be served at the moment; the body says why", body = Ready),
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

/// What was seen last. One request at a time looks; those that come meanwhile are told the same.
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
            // A halt does not matter here: jobs are accepted meanwhile, so requests need not go elsewhere.
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
