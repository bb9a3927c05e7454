//! Runs a request, from its slot to its answer.

use std::sync::Arc;
use std::time::Duration;

use image::DynamicImage;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::answer::{Answer, Detail};
use crate::edit::{self, Order, Print};
use crate::faults::{Place, Strike};
use crate::model::{Model, ModelInput, dialect, output};
use crate::requests::{Door, Started};
use crate::server::Sim;
use crate::{fetch, picture, webhook};

/// How often a request may start; fal gives up after as many attempts (fal docs: retries).
const MOST_ATTEMPTS: u32 = 10;

/// Starts waiting requests while a slot is free.
pub(crate) fn start_waiting(sim: &Arc<Sim>) {
    while let Some(started) = sim.requests.start_next() {
        start(sim, started);
    }
}

/// Runs a request that has a slot.
pub(crate) fn start(sim: &Arc<Sim>, started: Started) {
    sim.spawn(run(Arc::clone(sim), started));
}

async fn run(sim: Arc<Sim>, started: Started) {
    let began = Instant::now();
    let strike = sim.faults.strike(Place::Run, Some(&started.endpoint_id));
    let until = began + strike.latency.unwrap_or(sim.settings.latency);
    // A direct run has no queue to go back to (fal docs: direct run).
    let goes_back = started.door == Door::Queue && started.attempt < MOST_ATTEMPTS;
    let requeue = strike.requeue().filter(|_| goes_back);
    let answer = tokio::select! {
        answer = work(&sim, &started, &strike, until), if requeue.is_none() => answer,
        () = sleep_until(until), if requeue.is_some() => {
            return run_again(&sim, started, requeue.unwrap_or_default()).await;
        }
        () = started.cancelled.notified() => Answer::cancelled(),
    };
    let inference: Duration = began.elapsed();
    tracing::debug!(request_id = %started.id, status_code = answer.status_code, "a request ended");
    sim.requests.settle(started.id, answer, inference);
    webhook::announce(&sim, started.id);
    start_waiting(&sim);
}

/// The runner is lost: the request goes back to the queue and cannot start for `away`.
async fn run_again(sim: &Arc<Sim>, started: Started, away: Duration) {
    let id = started.id;
    sim.requests.send_back(started);
    start_waiting(sim);
    sleep(away).await;
    sim.requests.rejoin(id);
    start_waiting(sim);
}

/// Makes the edit within the latency, so that the two do not add up on a slow machine.
async fn work(sim: &Arc<Sim>, started: &Started, strike: &Strike, until: Instant) -> Answer {
    let model = dialect(&started.endpoint_id);
    let answer = match (strike.answer(), ModelInput::read(&model, &started.input)) {
        (Some(answer), _) => answer.end(),
        (None, Ok(input)) => answer(sim, started.id, &model, input, strike).await,
        (None, Err(details)) => Answer::refused(&details),
    };
    sleep_until(until).await;
    answer
}

async fn answer(
    sim: &Arc<Sim>,
    id: Uuid,
    model: &Model,
    mut input: ModelInput,
    strike: &Strike,
) -> Answer {
    let log = |line: String| sim.requests.log(id, line);
    log(format!("Reading {} input picture(s)", input.pictures.len()));
    let mut files = Vec::new();
    for (place, url) in std::mem::take(&mut input.pictures) {
        match fetch::fetch(sim, input.field, place, &url).await {
            Ok(bytes) => files.push((place, url, bytes)),
            Err(detail) => return Answer::refused(&[detail]),
        }
    }

    log(format!("Editing, seed {}", input.seed.given));
    // Decoding and painting keep a core busy, so they run off the runtime's threads.
    let flagged = strike.nsfw();
    let painted = tokio::task::spawn_blocking(move || {
        let pictures = files
            .into_iter()
            .map(|(place, url, bytes)| picture::decode(bytes, input.field, place, &url))
            .collect::<Result<Vec<_>, Detail>>()?;
        let prints = paint(&input, &pictures, flagged);
        Ok::<_, Detail>((input, prints))
    });
    match painted.await {
        Ok(Ok((input, Some(prints)))) => {
            let units = u32::try_from(prints.len()).unwrap_or(u32::MAX);
            let mut output: Value = output::publish(sim, model, &input, prints, flagged);
            strike.blanks().for_each(|effect| output::blank(&mut output, effect));
            log(format!("Made {units} picture(s)"));
            Answer::output(&output, units)
        }
        Ok(Err(detail)) => Answer::refused(&[detail]),
        Ok(Ok((_, None))) => Answer::internal_error(),
        Err(error) => {
            tracing::error!(%error, "an edit did not end as it should");
            Answer::internal_error()
        }
    }
}

/// Paints the pictures, or black ones where the safety checker has flagged them.
fn paint(input: &ModelInput, pictures: &[DynamicImage], flagged: bool) -> Option<Vec<Print>> {
    let (first, rest) = pictures.split_first()?;
    let size = input.size.of((first.width(), first.height()));
    let paint_one = |n: u32| {
        let order =
            Order { prompt: &input.prompt, seed: input.seed.plus(n), size, format: input.format };
        let print = if flagged { edit::black(&order) } else { edit::edit(first, rest, &order) };
        print.inspect_err(|error| tracing::error!(%error, "a picture could not be written")).ok()
    };
    (0..input.count).map(paint_one).collect()
}
