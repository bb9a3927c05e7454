//! Listens for wakes, and keeps listening when the connection is lost.

use std::{sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    queue::{Audience, Listener, Wake},
};
use tokio::{sync::Notify, time::sleep};

use crate::{backoff::jittered, life::Life};

/// How long the connection that hears wakes may be silent before it is pinged.
const PING: Duration = Duration::from_secs(15);

const RECONNECT_WAIT: Duration = Duration::from_secs(2);

/// Returns a signal that is given when there may be work, for as long as the life lasts. Wakes that are about
/// one job go to the life's notices.
pub(crate) fn listen(life: &Life) -> Arc<Notify> {
    let woken = Arc::new(Notify::new());
    if life.worker.notify {
        let pass_on = pass_wakes_on(life.clone(), Arc::clone(&woken));
        tokio::spawn(life.over.clone().run_until_cancelled_owned(pass_on));
    }
    woken
}

async fn pass_wakes_on(life: Life, woken: Arc<Notify>) {
    loop {
        match Listener::connect(&life.worker.pool, Audience::Worker, PING).await {
            Ok(mut listener) => {
                // Anything may have happened while nobody listened.
                let mut heard = Wake::Reconnected;
                loop {
                    match heard {
                        Wake::Work => woken.notify_one(),
                        Wake::Deliveries => life.deliveries_due.notify_one(),
                        Wake::Ended(job) => life.notices.tell_ended(job),
                        Wake::Cancelled(job) => life.notices.tell_cancelled(job),
                        Wake::Changed(_) | Wake::Progress(_) => {}
                        Wake::Reconnected => {
                            woken.notify_one();
                            life.deliveries_due.notify_one();
                            life.notices.tell_doubt();
                        }
                    }
                    heard = match listener.heard().await {
                        Ok(next) => next,
                        Err(_lost) => break,
                    };
                }
                tracing::debug!("the connection that hears wakes was lost");
            }
            Err(error) => tracing::debug!(error = %chain(&error), "wakes cannot be heard"),
        }
        sleep(jittered(RECONNECT_WAIT)).await;
    }
}
