//! `memory`: what each role holds, idle and after load.

use std::{fs, sync::Arc};

use anyhow::Context;
use tokio::time::{Duration, sleep};

use crate::{
    bare,
    cli::Scale,
    load, picture, request,
    stand::{self, Role, Stand},
    table,
};

/// Before "idle" is measured.
const REST: Duration = Duration::from_secs(2);

/// Measures each role before and after a burst of jobs, and the API after a round of GETs on top.
pub(crate) async fn run(scale: &Scale) -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        println!("\nMemory is not measured here: it is read from Linux's /proc.");
        return Ok(());
    }
    stand::measure("Memory", async |stand| {
        stand.start_bare(0, 0).await?;
        let bare_port = stand.bare()?.plan.port;
        sleep(REST).await;
        let idle = all(stand)?;

        let burst = 4 * scale.jobs;
        let post: Arc<[u8]> = request::post("/api/jobs", &picture::jpeg()?).into();
        load::burst(stand.api.plan.port, &post, scale.connections, burst).await?;
        drained(stand).await?;
        for (port, path) in
            [(stand.api.plan.port, "/api/jobs?limit=50"), (bare_port, bare::CONSTANT)]
        {
            let get = request::get(path).into();
            load::round(port, &get, scale.connections, scale.round()).await?;
        }
        let constant: Arc<[u8]> = request::post(bare::CONSTANT, &picture::jpeg()?).into();
        load::burst(bare_port, &constant, scale.connections, burst).await?;
        sleep(REST).await;
        let loaded = all(stand)?;

        let rows: Vec<_> = idle.into_iter().zip(loaded).map(row).collect();
        let what = format!("{burst} jobs over {} connections, all worked on", scale.connections);
        table::print([&what, "idle MB", "after MB", "peak MB"], &rows);
        Ok(())
    })
    .await
}

/// Resident memory of a process, in kB.
struct Memory {
    name: &'static str,
    now: u32,
    peak: u32,
}

fn all(stand: &Stand) -> anyhow::Result<Vec<Memory>> {
    let roles = [&stand.api, &stand.worker, &stand.sim, stand.bare()?];
    roles.into_iter().map(Memory::of).collect()
}

impl Memory {
    fn of(role: &Role) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{}/status", role.pid()?))?;
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.trim().parse().ok()
        };
        Ok(Self {
            name: role.plan.role,
            now: value("VmRSS:").context("no VmRSS in /proc")?,
            peak: value("VmHWM:").context("no VmHWM in /proc")?,
        })
    }
}

/// Waits until every job has ended.
async fn drained(stand: &Stand) -> anyhow::Result<()> {
    loop {
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from queue").fetch_one(&stand.pool).await?;
        if waiting == 0 {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let failed: i64 = sqlx::query_scalar("select count(*) from jobs where status <> 'completed'")
        .fetch_one(&stand.pool)
        .await?;
    anyhow::ensure!(failed == 0, "{failed} jobs were not completed");
    Ok(())
}

fn row((idle, loaded): (Memory, Memory)) -> [String; 4] {
    let megabytes = |kilobytes: u32| format!("{:.0}", f64::from(kilobytes) / 1024.0);
    let name = match loaded.name {
        "bare" => "bare actix-web, constant answers".to_owned(),
        role => format!("`darkroom {role}`"),
    };
    [name, megabytes(idle.now), megabytes(loaded.now), megabytes(loaded.peak)]
}
