//! `http`: requests a second, compared with a bare server, a server with one statement a request, and the service that
//! Darkroom replaces.

mod copies;
mod fastapi;
mod growth;
mod options;
mod report;
mod side;

use futures_util::future::OptionFuture;

use crate::{
    bare,
    load::Connection,
    picture,
    polling::{Polled, poll},
    request,
    stand::{self, Spec, Stand},
    statements::{Counter, Counting},
};
use fastapi::FastApi;
pub(crate) use options::Options;
use options::Part;
use side::{Kind, Server, Side, measured};

/// Measures GET, of one job and of many, then POST: each on all sides in turn, round by round.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let spec = Spec { counting: Counting::InAll, ..Spec::default() };
    stand::measure(spec, async |stand| {
        stand.introduce("HTTP").await?;
        let fastapi = FastApi::find(&options.peers).await;
        let post = request::post("/api/jobs", &picture::jpeg()?);
        let job = poll(&mut Connection::open(stand.api.plan.port).await?, &post).await?;
        // The jobs that are posted from here on are not to be worked on while requests are measured.
        stand.stop_worker().await?;
        start_floors(stand, &job).await?;
        let counter = Counter::begin(stand.pool).await?;
        if options.wants(Part::Polls) {
            polls(options, stand, counter, fastapi.as_ref(), &job).await?;
        }
        if options.wants(Part::Growth) {
            growth::run(stand, counter, &options.extent, &job.id).await?;
        }
        if options.wants(Part::Posts) {
            posts(options, stand, counter, fastapi.as_ref()).await?;
        }
        Ok(())
    })
    .await
}

async fn start_floors(stand: &mut Stand<'_>, job: &Polled) -> anyhow::Result<()> {
    for statement in bare::SCHEMA {
        sqlx::query(statement).execute(stand.pool).await?;
    }
    let (post_bytes, get_bytes) = job.bytes;
    sqlx::query("insert into bare_answers (id, body) values (1, $1)")
        .bind(bare::json_of(get_bytes))
        .execute(stand.pool)
        .await?;
    stand.start_bare(get_bytes, post_bytes).await
}

async fn polls(
    options: &Options,
    stand: &Stand<'_>,
    counter: Counter,
    fastapi: Option<&FastApi>,
    job: &Polled,
) -> anyhow::Result<()> {
    let serving = fastapi.map(|fastapi| fastapi.serve(stand.ground));
    let served = OptionFuture::from(serving).await.transpose()?;
    let theirs = match &served {
        Some(served) => Some((Server::At(served.port), request::get(&served.new_job().await?))),
        None => None,
    };
    let poll = format!("/api/jobs/{}", job.id);
    let requests = [bare::CONSTANT, bare::STATEMENT, &poll].map(request::get);
    let sides = sides(stand, requests, theirs)?;
    let sides = measured(&sides, stand, counter, &options.extent).await?;
    report::beside("GET /api/jobs/{id}, a completed job", &sides);
    Ok(())
}

async fn posts(
    options: &Options,
    stand: &Stand<'_>,
    counter: Counter,
    fastapi: Option<&FastApi>,
) -> anyhow::Result<()> {
    let picture = picture::jpeg()?;
    let post = |path| request::post(path, &picture);
    let theirs = fastapi.map(|fastapi| (Server::Anew(fastapi), post("/api/jobs")));
    let requests = [bare::CONSTANT, bare::STATEMENT, "/api/jobs"].map(post);
    let sides = sides(stand, requests, theirs)?;
    let sides = measured(&sides, stand, counter, &options.extent).await?;
    report::beside("POST /api/jobs, picture and prompt", &sides);
    Ok(())
}

/// The floors, FastAPI where it is installed, and Darkroom; each with its request.
fn sides<'a>(
    stand: &Stand<'_>,
    [constant, statement, ours]: [Vec<u8>; 3],
    theirs: Option<(Server<'a>, Vec<u8>)>,
) -> anyhow::Result<Vec<Side<'a>>> {
    let bare = Server::At(stand.bare()?.plan.port);
    let mut sides =
        vec![Side::of(Kind::Constant, bare, constant), Side::of(Kind::Statement, bare, statement)];
    sides.extend(theirs.map(|(server, request)| Side::of(Kind::FastApi, server, request)));
    sides.push(Side::of(Kind::Darkroom, Server::At(stand.api.plan.port), ours));
    Ok(sides)
}
