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
    let pool = crate::connect(&server.url(TEMPLATE), 1);
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
        let mut connection = open(&self.url(ADMIN)).await;
        run(&mut connection, statement).await;
        connection.close().await.expect("the connection closes");
    }
}

/// A connection whose statements have no time limit.
pub(crate) async fn open(url: &SecretString) -> PgConnection {
    PgConnection::connect(url.expose_secret()).await.expect("the server answers")
}

/// Runs statements that are sent to the server in one message.
pub(crate) async fn run(connection: &mut PgConnection, statements: &str) {
    let statements = AssertSqlSafe(statements);
    sqlx::raw_sql(statements).execute(connection).await.expect("the statements hold");
}
