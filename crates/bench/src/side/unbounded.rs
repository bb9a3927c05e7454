//! Statements without a time limit: those of the pool have one, which many rows or a slow disk may exceed.

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Runs statements one after the other, on a connection of their own.
pub(crate) async fn run(url: &SecretString, statements: &[&str]) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url.expose_secret()).await?;
    for statement in statements {
        let text = AssertSqlSafe((*statement).to_owned());
        sqlx::query(text)
            .execute(&mut connection)
            .await
            .with_context(|| (*statement).to_owned())?;
    }
    connection.close().await?;
    Ok(())
}
