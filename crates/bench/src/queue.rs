//! `queue`: the queue by itself, beside other queues on PostgreSQL and the floors below all of them.

mod drain;
mod ground;
mod options;
mod rounds;
mod sides;

pub(crate) use options::Options;
use options::Part;

/// Runs the parts that are asked for, each on a PostgreSQL of its own.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    for part in options.parts() {
        match part {
            Part::Drain => drain::run(options).await?,
        }
    }
    Ok(())
}
