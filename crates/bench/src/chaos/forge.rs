//! Sends forged webhooks, which must not be believed, and old ones once more, which must change nothing.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::time::{Duration, sleep};

use super::{house::House, porch::Webhook};

/// Between two webhooks, in seconds.
const GAP: std::ops::Range<f64> = 0.2..1.2;

/// How many were sent, and how many of the forged ones were believed.
#[derive(Debug, Default)]
pub(crate) struct Forged {
    pub(crate) sent: AtomicUsize,
    pub(crate) believed: AtomicUsize,
    /// Old ones that were sent once more, unchanged.
    pub(crate) replayed: AtomicUsize,
}

/// Sends them until it is aborted.
pub(crate) async fn forge(house: Arc<House>, seed: u64, forged: Arc<Forged>) {
    let mut random = StdRng::seed_from_u64(seed ^ 0x0066_6f72_6765_0000);
    loop {
        sleep(Duration::from_secs_f64(random.random_range(GAP))).await;
        let (remembered, kind) = (house.porch.remembered(), random.random_range(0..4));
        let (Some(webhook), Some(api)) =
            (remembered.choose(&mut random), house.apis.choose(&mut random))
        else {
            continue;
        };
        let Some(spoilt) = spoil(webhook, kind) else {
            forged.replayed.fetch_add(1, Ordering::Relaxed);
            webhook.post(&house.http, api.port).await.ok();
            continue;
        };
        forged.sent.fetch_add(1, Ordering::Relaxed);
        let answer = spoilt.post(&house.http, api.port).await;
        if answer.is_ok_and(|status| status.is_success()) {
            forged.believed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The webhook with something wrong; `None` if it is to be sent unchanged.
fn spoil(webhook: &Webhook, kind: u8) -> Option<Webhook> {
    let mut spoilt = webhook.clone();
    match kind {
        // Another address: the MAC is not for it.
        0 => spoilt.path = altered(&spoilt.path),
        // Another signature; a webhook that has none is a forgery already.
        1 => {
            for (name, value) in &mut spoilt.headers {
                if name.ends_with("signature") {
                    *value = altered(value);
                }
            }
        }
        // Another body under the same signature.
        2 => {
            let body = String::from_utf8_lossy(&spoilt.body).replace("\"OK\"", "\"ERROR\"");
            spoilt.body = format!("{body} ").into();
        }
        _ => return None,
    }
    Some(spoilt)
}

/// The text with its third to last character replaced by one that is valid in base64 and in hexadecimal.
fn altered(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if let Some(place) = characters.len().checked_sub(3).and_then(|place| characters.get_mut(place))
    {
        *place = if *place == 'a' { 'b' } else { 'a' };
    }
    characters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_without_a_signature_counts_as_forged_and_not_as_replayed() {
        let unsigned = Webhook { path: "/webhooks".into(), headers: vec![], body: "{}".into() };

        assert!(spoil(&unsigned, 1).is_some());
        assert!(spoil(&unsigned, 3).is_none());
    }
}
