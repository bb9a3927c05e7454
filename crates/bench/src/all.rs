//! `all`: every benchmark whose figures `docs/benchmarks.md` shows, one after the other, each with its defaults.

use anyhow::{anyhow, ensure};
use clap::{Args, Parser};
use tokio::{
    task::JoinHandle,
    time::{Duration, timeout},
};

use crate::{
    cli::Extent,
    conditions, cost, flight, http, images, latency, memory,
    stand::{interrupted, unless_interrupted},
    start,
    table::one_line,
};
#[cfg(unix)]
use crate::{queue, watchers};

/// The most time for one benchmark. The slowest takes about half of it; one that takes longer hangs.
const MOST: Duration = Duration::from_mins(15);

/// Runs every benchmark that this platform has. Fails at the end if any of them failed.
pub(crate) async fn run() -> anyhow::Result<()> {
    let extent: Extent = defaults()?;
    conditions::print(&extent)?;
    let mut all = All { failed: Vec::new(), interruption: tokio::spawn(interrupted()) };
    all.measure("http", http::run(&defaults()?)).await?;
    #[cfg(unix)]
    all.measure("watchers", watchers::run()).await?;
    all.measure("start", start::run()).await?;
    all.measure("latency", latency::run(&extent)).await?;
    all.measure("flight", flight::run(&defaults()?)).await?;
    all.measure("cost", cost::run(&defaults()?)).await?;
    all.measure("memory", memory::run(&extent)).await?;
    all.measure("images", unless_interrupted(images::run(&extent))).await?;
    #[cfg(unix)]
    {
        let queue: queue::Options = defaults()?;
        for part in queue.parts() {
            let name = format!("queue {part:?}").to_lowercase();
            all.measure(&name, queue::run_part(part, &queue)).await?;
        }
    }
    ensure!(all.failed.is_empty(), "failed: {}", all.failed.join(", "));
    Ok(())
}

struct All {
    failed: Vec<String>,
    /// Ends when the program is interrupted.
    interruption: JoinHandle<anyhow::Error>,
}

impl All {
    /// Runs one benchmark. If it fails, that is printed and the others go on; an interruption ends them all.
    async fn measure(
        &mut self,
        name: &str,
        benchmark: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let outcome = timeout(MOST, Box::pin(benchmark)).await;
        let outcome =
            outcome.unwrap_or_else(|_late| Err(anyhow!("not done within {} s", MOST.as_secs())));
        ensure!(!self.interruption.is_finished(), "interrupted");
        if let Err(error) = outcome {
            println!("\n`{name}` failed: {}", one_line(&error));
            self.failed.push(name.to_owned());
        }
        Ok(())
    }
}

#[derive(Parser)]
struct Alone<T: Args> {
    #[command(flatten)]
    options: T,
}

/// A benchmark's options when the command line gives none.
fn defaults<T: Args>() -> anyhow::Result<T> {
    Ok(Alone::try_parse_from(["all"])?.options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_benchmark_can_be_run_with_nothing_said() {
        defaults::<http::Options>().unwrap();
        defaults::<flight::Options>().unwrap();
        defaults::<cost::Options>().unwrap();
        assert_eq!(defaults::<Extent>().unwrap().rounds, 3);
        #[cfg(unix)]
        assert_eq!(defaults::<queue::Options>().unwrap().parts().len(), 8);
    }
}
