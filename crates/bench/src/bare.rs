//! The floors of `http` and `watchers`: actix-web alone, and actix-web with one statement a request.
//!
//! They are served by one process, with as many threads as Darkroom's API and the same connection pool.

mod streams;

use actix_multipart::Multipart;
use actix_web::{
    App, HttpResponse, HttpServer,
    error::{ErrorBadRequest, ErrorInternalServerError},
    http::header::ContentType,
    web,
};
use anyhow::Context;
use bytes::{Bytes, BytesMut};
use clap::Args;
use darkroom_core::{
    config::Config,
    db::{self, Pool},
};
use futures_util::TryStreamExt;
use streams::Streams;
pub(crate) use streams::{EVENTS, TELL_ALL};

/// The path that always gives the same answer.
pub(crate) const CONSTANT: &str = "/constant";
/// The path that reads or writes one row.
pub(crate) const STATEMENT: &str = "/statement";

/// The rows that [`STATEMENT`] reads and writes. Pictures are kept as Darkroom keeps them: uncompressed.
pub(crate) const SCHEMA: [&str; 3] = [
    "create table bare_answers (id bigint primary key, body text not null)",
    "create table bare_pictures (id uuid primary key default gen_random_uuid(), data bytea not null)",
    "alter table bare_pictures alter column data set storage external",
];

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    port: u16,
    /// Bytes of a constant answer to a GET, and of an event's data
    #[arg(long)]
    get_bytes: usize,
    /// Bytes of an answer to a POST
    #[arg(long)]
    post_bytes: usize,
}

#[derive(Clone)]
struct Floor {
    to_get: Bytes,
    to_post: Bytes,
    pool: Pool,
    streams: Streams,
}

/// Serves until it is killed. The database is the one of the environment, as for Darkroom's roles.
pub(crate) async fn serve(options: &Options) -> anyhow::Result<()> {
    let database = Config::load()?.database;
    let url = database.url.context("DATABASE_URL is not set")?;
    let floor = Floor {
        to_get: json_of(options.get_bytes).into(),
        to_post: json_of(options.post_bytes).into(),
        pool: db::connect(&url, database.max_connections)?,
        streams: Streams::default(),
    };
    let server = HttpServer::new(move || {
        let constant = web::resource(CONSTANT).get(get_constant).post(post_constant);
        let statement = web::resource(STATEMENT).get(get_statement).post(post_statement);
        App::new()
            .app_data(web::Data::new(floor.clone()))
            .service(constant)
            .service(statement)
            .route(EVENTS, web::get().to(streams::follow))
            .route(TELL_ALL, web::get().to(streams::tell_all))
    });
    server.bind(("127.0.0.1", options.port))?.run().await?;
    Ok(())
}

/// A JSON object of this many bytes.
pub(crate) fn json_of(bytes: usize) -> String {
    let around = r#"{"padding":""}"#.len();
    format!(r#"{{"padding":"{}"}}"#, "x".repeat(bytes.saturating_sub(around)))
}

async fn get_constant(floor: web::Data<Floor>) -> HttpResponse {
    json(HttpResponse::Ok(), floor.to_get.clone())
}

async fn post_constant(
    floor: web::Data<Floor>,
    body: Multipart,
) -> actix_web::Result<HttpResponse> {
    collect(body).await?;
    Ok(json(HttpResponse::Created(), floor.to_post.clone()))
}

async fn get_statement(floor: web::Data<Floor>) -> actix_web::Result<HttpResponse> {
    let body: String = sqlx::query_scalar("select body from bare_answers where id = $1")
        .bind(1_i64)
        .fetch_one(&floor.pool)
        .await
        .map_err(ErrorInternalServerError)?;
    Ok(json(HttpResponse::Ok(), body.into()))
}

async fn post_statement(
    floor: web::Data<Floor>,
    body: Multipart,
) -> actix_web::Result<HttpResponse> {
    let picture = collect(body).await?;
    sqlx::query("insert into bare_pictures (data) values ($1)")
        .bind(&picture[..])
        .execute(&floor.pool)
        .await
        .map_err(ErrorInternalServerError)?;
    Ok(json(HttpResponse::Created(), floor.to_post.clone()))
}

/// Reads every field, and returns the last one: the picture.
async fn collect(mut body: Multipart) -> actix_web::Result<Bytes> {
    let mut last = BytesMut::new();
    while let Some(mut field) = body.try_next().await.map_err(ErrorBadRequest)? {
        last.clear();
        while let Some(chunk) = field.try_next().await.map_err(ErrorBadRequest)? {
            last.extend_from_slice(&chunk);
        }
    }
    Ok(last.freeze())
}

fn json(mut response: actix_web::HttpResponseBuilder, body: Bytes) -> HttpResponse {
    response.content_type(ContentType::json()).body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_answer_is_json_of_the_size_that_was_asked_for() {
        let text = json_of(700);

        assert_eq!(text.len(), 700);
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}
