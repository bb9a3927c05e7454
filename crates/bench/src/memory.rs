//! `memory`: the memory of each role, idle and after load.

use std::sync::Arc;

use anyhow::ensure;
use tokio::time::{Duration, sleep};

use crate::{
    bare,
    cli::Extent,
    footprint::{Footprint, megabytes},
    load, picture, request,
    stand::{self, Spec, Stand},
    table,
};

/// How long the roles rest before each measurement.
const REST: Duration = Duration::from_secs(2);

/// How long all jobs may take to end, in addition to a second for each.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures each role before and after a burst of jobs, and the API after a round of GETs on top.
pub(crate) async fn run(extent: &Extent) -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        println!("\nMemory is not measured here: it is read from Linux's /proc.");
        return Ok(());
    }
    stand::measure(Spec::default(), async |stand| {
        stand.introduce("Memory").await?;
        stand.start_bare(0, 0).await?;
        let bare_port = stand.bare()?.plan.port;
        sleep(REST).await;
        let idle = all(stand)?;

        let burst = 4 * extent.jobs;
        let post: Arc<[u8]> = request::post("/api/jobs", &picture::jpeg()?).into();
        load::burst(stand.api.plan.port, &post, extent.connections, burst).await?;
        let patience = PATIENCE + Duration::from_secs(burst.into());
        stand.reach("select count(*) from queue", 0, patience).await?;
        let failed = stand.look("select count(*) from jobs where status <> 'completed'").await?;
        ensure!(failed == 0, "{failed} jobs were not completed");
        for (port, path) in
            [(stand.api.plan.port, "/api/jobs?limit=50"), (bare_port, bare::CONSTANT)]
        {
            let get = [request::get(path).into()].into();
            load::round(port, &get, extent.connections, extent.round()).await?;
        }
        let constant: Arc<[u8]> = request::post(bare::CONSTANT, &picture::jpeg()?).into();
        load::burst(bare_port, &constant, extent.connections, burst).await?;
        sleep(REST).await;
        let loaded = all(stand)?;

        let rows: Vec<_> = idle.into_iter().zip(loaded).map(row).collect();
        let what = format!("{burst} jobs over {} connections, all worked on", extent.connections);
        table::print([&what, "idle MB", "after MB", "peak MB"], &rows);
        Ok(())
    })
    .await
}

/// A role, and its footprint.
type Taken = (&'static str, Footprint);

fn all(stand: &mut Stand<'_>) -> anyhow::Result<Vec<Taken>> {
    stand.roles().map(|role| Ok((role.plan.role, Footprint::of(role.pid()?)?))).collect()
}

fn row(((role, idle), (_, loaded)): (Taken, Taken)) -> [String; 4] {
    let name = match role {
        "bare" => "bare actix-web, constant answers".to_owned(),
        role => format!("`darkroom {role}`"),
    };
    [name, megabytes(idle.resident), megabytes(loaded.resident), megabytes(loaded.peak)]
}
