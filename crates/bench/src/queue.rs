//! `queue`: the queue alone, compared with other queues on PostgreSQL and with the floors below all of them.

mod databases;
mod depth;
mod drain;
mod enqueue;
mod held;
mod history;
mod idle;
mod options;
mod probes;
mod rounds;
mod scale;
mod sides;
mod wake;

pub(crate) use options::Options;
use options::Part;

/// Runs the parts that are asked for, each on a PostgreSQL of its own.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    sides::check(options).await?;
    for part in options.parts() {
        run_part(part, options).await?;
    }
    Ok(())
}

/// Runs one of them.
pub(crate) async fn run_part(part: Part, options: &Options) -> anyhow::Result<()> {
    match part {
        Part::Drain => drain::run(options).await,
        Part::Enqueue => enqueue::run(options).await,
        Part::Wake => wake::run(options).await,
        Part::Idle => idle::run(options).await,
        Part::Scale => scale::run(options).await,
        Part::Depth => depth::run(options).await,
        Part::History => history::run(options).await,
        Part::Held => held::run(options).await,
    }
}
