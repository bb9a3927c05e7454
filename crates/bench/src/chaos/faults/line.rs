//! A line falls silent, or is cut.

use tokio::time::{Duration, sleep};

use super::super::{
    fault::{Break, Seat},
    house::House,
    proxy::Passage,
};

/// Breaks the line, and mends it after a while.
pub(super) async fn strike(
    house: &House,
    seat: Seat,
    broken: Break,
    lasts: Duration,
) -> anyhow::Result<()> {
    let line = &house.place(seat)?.line;
    match broken {
        Break::Reset => line.cut(),
        Break::Silence | Break::SilenceAndReset => line.set(Passage::Silent),
        Break::NoAnswers | Break::NoAnswersAndReset => line.set(Passage::Unanswered),
    }
    if broken == Break::Reset {
        return Ok(());
    }
    sleep(lasts).await;
    if matches!(broken, Break::SilenceAndReset | Break::NoAnswersAndReset) {
        line.cut();
    }
    line.set(Passage::Open);
    Ok(())
}

/// Holds back everything to and from PostgreSQL, as if it were frozen, and then lets it pass at once.
pub(super) async fn black_out(house: &House, lasts: Duration) -> anyhow::Result<()> {
    let set = |passage| {
        let lines = house.workers.iter().chain(&house.apis).map(|place| &place.line);
        lines.for_each(|line| line.set(passage));
    };
    set(Passage::Silent);
    sleep(lasts).await;
    set(Passage::Open);
    Ok(())
}
