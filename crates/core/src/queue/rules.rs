//! Rules: limits and pauses, set at run time and kept in the database. Claims obey them from the moment
//! they are committed, on all workers.

use time::OffsetDateTime;

use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool},
};

/// What a rule is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// All jobs: the whole account at fal.
    Everything,
    /// Jobs for one model.
    Model(String),
    /// Jobs of one API key.
    ApiKey(ApiKeyId),
}

/// A rule that holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// `everything`, `model` or `api_key`.
    pub scope: String,
    /// Which model or key; empty for everything.
    pub subject: String,
    /// Most jobs in flight: leased, or with a request that may run at fal.
    pub max_in_flight: Option<i32>,
    /// When it was paused: nothing of it is submitted since then.
    pub paused_at: Option<OffsetDateTime>,
}

impl Scope {
    fn columns(&self) -> (&'static str, String) {
        match self {
            Self::Everything => ("everything", String::new()),
            Self::Model(model) => ("model", model.clone()),
            Self::ApiKey(key) => ("api_key", key.0.to_string()),
        }
    }
}

/// Pauses a scope: no worker submits anything new of it. Requests that run at fal are carried on.
///
/// Pausing again changes nothing.
pub async fn pause(pool: &Pool, scope: &Scope) -> Result<(), Error> {
    let (scope, subject) = scope.columns();
    sqlx::query!(
        "insert into queue_rules as rule (scope, subject, paused_at) values ($1, $2, now())
         on conflict on constraint queue_rules_pkey
         do update set paused_at = coalesce(rule.paused_at, now())",
        scope,
        subject,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("pausing"))?;
    Ok(())
}

/// Ends a pause. False where there was none.
pub async fn resume(pool: &Pool, scope: &Scope) -> Result<bool, Error> {
    let (scope, subject) = scope.columns();
    let resumed = sqlx::query_scalar!(
        r#"with gone as (
               delete from queue_rules
               where scope = $1 and subject = $2 and paused_at is not null
                   and max_in_flight is null
               returning scope
           ), resumed as (
               update queue_rules set paused_at = null
               where scope = $1 and subject = $2 and paused_at is not null
                   and max_in_flight is not null
               returning scope
           )
           select exists (select from gone) or exists (select from resumed) as "resumed!""#,
        scope,
        subject,
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("resuming"))?;
    if resumed {
        super::wake::hint(pool).await;
    }
    Ok(resumed)
}

/// Sets how many jobs may be in flight; `None` removes the limit.
///
/// It holds for claims that begin after it: jobs that are in flight already are carried on.
pub async fn limit(pool: &Pool, scope: &Scope, most: Option<u16>) -> Result<(), Error> {
    let (scope, subject) = scope.columns();
    let doing = "setting a limit";
    if let Some(most) = most {
        sqlx::query!(
            "insert into queue_rules (scope, subject, max_in_flight) values ($1, $2, $3)
             on conflict on constraint queue_rules_pkey
             do update set max_in_flight = excluded.max_in_flight",
            scope,
            subject,
            i32::from(most),
        )
        .execute(pool)
        .await
        .map_err(Error::doing(doing))?;
    } else {
        sqlx::query!(
            "with gone as (
                 delete from queue_rules
                 where scope = $1 and subject = $2 and paused_at is null
             )
             update queue_rules set max_in_flight = null
             where scope = $1 and subject = $2 and paused_at is not null",
            scope,
            subject,
        )
        .execute(pool)
        .await
        .map_err(Error::doing(doing))?;
    }
    super::wake::hint(pool).await;
    Ok(())
}

/// The rules that hold.
pub async fn rules(pool: &Pool) -> Result<Vec<Rule>, Error> {
    sqlx::query_as!(
        Rule,
        "select scope, subject, max_in_flight, paused_at from queue_rules order by scope, subject"
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("reading the rules"))
}
