//! What a filter lets pass, in SQL.

use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::{
    api_key::ApiKeyId,
    job::{JobId, Status},
};

/// How far the clock of the API that made an id may be off the database's. What counts is `created_at`, by
/// the database's clock; the id only says where to look.
const CLOCK_DIFFERENCE: Duration = Duration::minutes(10);

/// Which jobs are listed: those that meet all conditions that are set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Of this API key; of all, where it is `None`.
    pub api_key: Option<ApiKeyId>,
    /// With any of these statuses; all, where it is empty.
    pub statuses: Vec<Status>,
    /// Of this model.
    pub model: Option<String>,
    /// Edits of this job's result.
    pub parent: Option<JobId>,
    /// Made after this moment.
    pub created_after: Option<OffsetDateTime>,
    /// Made before this moment.
    pub created_before: Option<OffsetDateTime>,
    /// For each list, the metadata contains at least one of its objects.
    pub metadata: Vec<Vec<Value>>,
}

impl Filter {
    /// Whether it lets everything pass.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the query for the ids of jobs that pass, of one status where it is given, older than a cursor.
    pub(super) fn push_branch(
        &self,
        query: &mut QueryBuilder<Postgres>,
        status: Option<Status>,
        before: Option<JobId>,
    ) {
        query.push("select id from jobs where deleted_at is null");
        let newest =
            self.created_before.map(|moment| id_at(moment.saturating_add(CLOCK_DIFFERENCE)));
        let before = before.map(|before| before.0).into_iter().chain(newest).min();
        let oldest =
            self.created_after.map(|moment| id_at(moment.saturating_sub(CLOCK_DIFFERENCE)));
        for (sign, bound) in [(" < ", before), (" >= ", oldest)] {
            let Some(bound) = bound else { continue };
            query.push(" and id").push(sign).push_bind(bound);
        }
        if let Some(key) = self.api_key {
            query.push(" and api_key_id = ").push_bind(key.0);
        }
        if let Some(status) = status {
            query.push(" and status = ").push_bind(status);
        }
        if let Some(model) = &self.model {
            query.push(" and model = ").push_bind(model.clone());
        }
        if let Some(parent) = self.parent {
            query.push(" and parent_id = ").push_bind(parent.0);
        }
        if let Some(after) = self.created_after {
            query.push(" and created_at > ").push_bind(after);
        }
        if let Some(before) = self.created_before {
            query.push(" and created_at < ").push_bind(before);
        }
        for alternatives in &self.metadata {
            query.push(" and (false");
            for object in alternatives {
                query.push(" or metadata @> ").push_bind(object.clone());
            }
            query.push(")");
        }
    }
}

/// The lowest id of this moment.
fn id_at(moment: OffsetDateTime) -> Uuid {
    let millis = u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
