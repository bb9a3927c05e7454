//! A process is killed, paused or told to stop.

use rustix::process::Signal;
use tokio::time::{Duration, sleep};

use super::{
    super::{
        fault::{Blow, Seat},
        house::House,
    },
    Tally,
};
use crate::{load, request};

/// How long a process that was told to stop may take to end. A worker waits for submissions that are under way.
const STOP_PATIENCE: Duration = Duration::from_mins(1);

/// Kills, pauses or stops the process, and continues or starts it again after a while.
pub(super) async fn strike(
    house: &House,
    seat: Seat,
    blow: Blow,
    lasts: Duration,
    seed: u64,
    tally: &Tally,
) -> anyhow::Result<()> {
    let mut role = house.place(seat)?.role.lock().await;
    match blow {
        Blow::Pause => {
            role.signal(Signal::STOP)?;
            sleep(lasts).await;
            return role.signal(Signal::CONT);
        }
        Blow::Kill => role.kill().await?,
        Blow::Terminate => match role.terminate(STOP_PATIENCE).await {
            Ok(status) if status.success() => {}
            Ok(status) => tally.note_broken(format!("{seat} was told to stop: {status}")),
            Err(error) => tally.note_broken(format!("{error:#}")),
        },
    }
    sleep(lasts).await;
    role.start_anew()?;
    if seat == Seat::Sim {
        // A restart makes the stand-in forget its faults, and nothing else.
        load::when_it_answers(house.sim.port, &request::get("/")).await?;
        house.set_weather(seed, None).await?;
    }
    Ok(())
}
