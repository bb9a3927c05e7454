//! What the benchmark asks of a queue, for any [`Queue`]: one action a process, one line of JSON as the answer.

mod actions;
mod handler;
mod job;
mod queue;
mod version;

pub use handler::Handler;
pub use job::Job;
pub use queue::{Load, Queue, Worker};

use anyhow::{Context, Result, bail};

/// Does what the command line says.
pub async fn run<Q: Queue>() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments == ["version"] {
        print(&version::of::<Q>()?);
        return Ok(());
    }
    #[expect(clippy::disallowed_methods, reason = "that is about Darkroom's settings")]
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let answer = match *arguments.as_slice() {
        ["setup"] => actions::setup::<Q>(&url).await?,
        ["enqueue", jobs, clients] => {
            actions::enqueue::<Q>(&url, number(jobs)?, number(clients)?).await?
        }
        ["bulk", jobs] => actions::bulk::<Q>(&url, number(jobs)?).await?,
        ["drain", jobs] => actions::drain::<Q>(&url, number(jobs)?).await?,
        ["wake", jobs] => actions::wake::<Q>(&url, number(jobs)?).await?,
        ["work"] => return actions::work::<Q>(&url).await,
        _ => bail!(
            "setup | enqueue JOBS CLIENTS | bulk JOBS | drain JOBS | wake JOBS | work | version"
        ),
    };
    print(&answer);
    Ok(())
}

fn number(text: &str) -> Result<u32> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("not a number of jobs or clients: {text}"),
    }
}

fn print(answer: &serde_json::Value) {
    println!("{answer}");
}
