//! `http`: requests a second, beside a bare server and a server with one statement a request.

use std::sync::Arc;

use crate::{
    bare,
    cli::Scale,
    follow::{Followed, follow},
    load::{self, Connection, Figures, milliseconds},
    picture, request,
    stand::{self, Stand},
    table,
};

/// A server, and what it is asked.
struct Side {
    name: &'static str,
    port: u16,
    request: Arc<[u8]>,
}

/// Measures GET, then POST: each on all sides in turn, round by round.
pub(crate) async fn run(scale: &Scale) -> anyhow::Result<()> {
    stand::measure("HTTP", async |stand| {
        let picture = picture::jpeg()?;
        let post = request::post("/api/jobs", &picture);
        let job = follow(&mut Connection::open(stand.api.plan.port).await?, &post).await?;
        // The jobs that are posted from here on are not to be worked on meanwhile.
        stand.worker.kill().await?;
        start_floors(stand, &job).await?;
        let gets = [
            request::get(bare::CONSTANT),
            request::get(bare::STATEMENT),
            request::get(&format!("/api/jobs/{}", job.id)),
        ];
        let posts = [
            request::post(bare::CONSTANT, &picture),
            request::post(bare::STATEMENT, &picture),
            post,
        ];
        let reading = "GET /api/jobs/{id}, a completed job";
        compare(reading, sides(stand, gets)?, scale).await?;
        let making = "POST /api/jobs, picture and prompt";
        compare(making, sides(stand, posts)?, scale).await
    })
    .await
}

async fn start_floors(stand: &mut Stand, job: &Followed) -> anyhow::Result<()> {
    for statement in bare::SCHEMA {
        sqlx::query(statement).execute(&stand.pool).await?;
    }
    let (post_bytes, get_bytes) = job.bytes;
    sqlx::query("insert into bare_answers (id, body) values (1, $1)")
        .bind(bare::json_of(get_bytes))
        .execute(&stand.pool)
        .await?;
    stand.start_bare(get_bytes, post_bytes).await
}

fn sides(stand: &Stand, requests: [Vec<u8>; 3]) -> anyhow::Result<[Side; 3]> {
    let bare = stand.bare()?;
    let [constant, statement, ours] = requests;
    let side = |name, port, request: Vec<u8>| Side { name, port, request: request.into() };
    Ok([
        side("bare actix-web, constant answer", bare.plan.port, constant),
        side("bare actix-web, one statement", bare.plan.port, statement),
        side("Darkroom", stand.api.plan.port, ours),
    ])
}

async fn compare(what: &str, sides: [Side; 3], scale: &Scale) -> anyhow::Result<()> {
    let mut rounds = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..scale.rounds {
        for (side, rounds) in sides.iter().zip(&mut rounds) {
            let figures =
                load::round(side.port, &side.request, scale.connections, scale.round()).await?;
            rounds.push(figures);
        }
    }
    let [constant, statement, ours] = rounds.map(Figures::median);
    let figures = [constant?, statement?, ours?];
    let [constant, statement, _] = figures;
    let row = |(side, figures): (&Side, Figures)| {
        [
            side.name.to_owned(),
            format!("{:.0}", figures.per_second),
            milliseconds(figures.p50),
            milliseconds(figures.p99),
            format!("{:.2}", figures.per_second / constant.per_second),
            format!("{:.2}", figures.per_second / statement.per_second),
        ]
    };
    let rows: Vec<_> = sides.iter().zip(figures).map(row).collect();
    table::print([what, "requests/s", "p50 ms", "p99 ms", "÷ constant", "÷ one statement"], &rows);
    Ok(())
}
