//! Runs a command beside a freshly migrated PostgreSQL, with `DATABASE_URL` set:
//! `cargo run -p darkroom-embedded-postgres --example with-database -- psql`

use std::{error::Error, path::Path, process::ExitCode};

use darkroom_embedded_postgres::EmbeddedPostgres;
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let program = words.next().ok_or("say which command to run")?;

    let postgres = EmbeddedPostgres::temporary().await?;
    let url = postgres.url("darkroom");
    // Read now and not at build time: this must work while the code does not build.
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut connection = PgConnection::connect(url.expose_secret()).await?;
    Migrator::new(migrations).await?.run(&mut connection).await?;
    connection.close().await?;

    let status =
        Command::new(program).args(words).env("DATABASE_URL", url.expose_secret()).status().await?;
    postgres.stop().await?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
