//! The floor: a bare server with as many streams, which sends one event to all of them.

use anyhow::ensure;
use tokio::{
    sync::mpsc,
    time::{Duration, sleep},
};

use super::{REST, ROUNDS, changes::Changes, crowd, middle};
use crate::{
    bare,
    load::{Connection, when_it_answers},
    request,
    stand::{Ground, NOWHERE, Plan},
};

/// How long it takes until each stream has been told, in ascending order. An event has this many bytes.
pub(super) async fn all_at_once(
    ground: &Ground,
    watchers: usize,
    bytes: usize,
) -> anyhow::Result<Vec<Duration>> {
    let variables = ground.variables(NOWHERE)?;
    let options = ["--get-bytes", &bytes.to_string(), "--post-bytes", "0"].map(str::to_owned);
    let mut server =
        ground.start(Plan { options: options.into(), variables, ..Plan::of("bare")? })?;
    let port = server.plan.port;
    when_it_answers(port, &request::get(bare::CONSTANT)).await?;
    let (sender, mut told) = mpsc::unbounded_channel();
    let paths = std::iter::repeat_n(bare::EVENTS.to_owned(), watchers);
    let watching = crowd::watch(port, paths, &sender).await;
    let _watching = watching.inspect_err(|_error| server.tell_last_words())?;

    let mut connection = Connection::open(port).await?;
    let mut rounds = Vec::new();
    for number in (1..).take(ROUNDS) {
        sleep(REST).await;
        let mut change = Changes::sent_now(number);
        connection.exchange(&request::get(bare::TELL_ALL)).await?;
        change.heard(&mut told, watchers).await;
        ensure!(change.untold == 0, "the bare server did not tell {} streams", change.untold);
        rounds.push(change.delays);
    }
    server.kill().await?;
    middle(rounds)
}
