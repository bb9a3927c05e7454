//! The statements of claim and completion, as the worker sends them, read from a connection that has sent them.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use darkroom_core::{
    db::Pool,
    queue::{self, Completion, Ended, Timeline},
};

use super::stock;

/// A statement, and the types of its parameters.
#[derive(Clone, Debug, Eq, Hash, PartialEq, sqlx::FromRow)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) types: Vec<String>,
}

/// The statement that claims jobs, and the one that completes them.
pub(super) struct Statements {
    pub(super) claim: Statement,
    pub(super) complete: Statement,
}

impl Statements {
    /// Claims and completes one job, and returns the statements that did it. The pool must have just one connection.
    pub(super) async fn watch(pool: &Pool) -> anyhow::Result<Self> {
        let worker = queue::register(pool, "statements").await?;
        stock::fill(pool, 0, 1).await?;
        let before = prepared(pool).await?;
        let claims = queue::claim(pool, worker, 1).await?;
        let claim = the_new_one(pool, &before).await?;
        let before = prepared(pool).await?;
        let claimed = claims.jobs.first().context("no job was claimed")?;
        let (lease, ended) = (claimed.lease, Ended::default());
        let completion = Completion { lease, ended, timeline: Timeline::default() };
        queue::complete_all(pool, &[completion]).await?;
        let complete = the_new_one(pool, &before).await?;
        queue::release(pool, worker).await?;
        claim.takes(&["uuid", "bigint", "integer"])?;
        complete.takes(&["uuid[]", "uuid[]", "bigint[]"])?;
        Ok(Self { claim, complete })
    }
}

impl Statement {
    /// Checks that its first parameters have these types, because the floor passes them by position.
    fn takes(&self, types: &[&str]) -> anyhow::Result<()> {
        let begins = self.types.iter().zip(types).filter(|(has, wanted)| has == wanted).count();
        ensure!(begins == types.len(), "the floor does not know the parameters of:\n{}", self.text);
        Ok(())
    }
}

async fn the_new_one(pool: &Pool, before: &HashSet<Statement>) -> anyhow::Result<Statement> {
    let after = prepared(pool).await?;
    let mut new = after.difference(before);
    let statement = new.next().context("no statement was sent")?;
    ensure!(new.next().is_none(), "more than one statement was sent");
    Ok(statement.clone())
}

async fn prepared(pool: &Pool) -> anyhow::Result<HashSet<Statement>> {
    let statements: Vec<Statement> = sqlx::query_as(
        "select statement as text, parameter_types::text[] as types from pg_prepared_statements",
    )
    .fetch_all(pool)
    .await?;
    Ok(statements.into_iter().collect())
}
