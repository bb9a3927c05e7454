//! The one PostgreSQL of a test process. It ends with the process, and leaves nothing behind.

use darkroom_core::db;
use darkroom_embedded_postgres::EmbeddedPostgres;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

/// The database in which statements about other databases are run.
const ADMIN: &str = "postgres";

/// The database that is migrated once, and copied for each test.
pub(crate) const TEMPLATE: &str = "migrated";

pub(crate) struct Server(EmbeddedPostgres);

static SHARED: OnceCell<Server> = OnceCell::const_new();

/// The server, which the first call starts.
pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(start).await
}

async fn start() -> Server {
    let server = Server(EmbeddedPostgres::temporary().await.expect("a PostgreSQL starts"));
    server.administer(&format!("create database {TEMPLATE}")).await;
    let pool = db::connect(&server.url(TEMPLATE), 1).expect("the URL is well-formed");
    db::migrate(&pool).await.expect("the migrations apply");
    pool.close().await;
    server
}

impl Server {
    pub(crate) fn url(&self, database: &str) -> SecretString {
        self.0.url(database)
    }

    /// Runs one statement as the server's owner.
    pub(crate) async fn administer(&self, statement: &str) {
        let url = self.url(ADMIN);
        let mut connection =
            PgConnection::connect(url.expose_secret()).await.expect("the server answers");
        let statement = AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("the statement holds");
        connection.close().await.expect("the connection closes");
    }
}
