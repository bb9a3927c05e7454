//! Settings of fal.ai and of its stand-in.

mod tags;

use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use super::reader::Reader;
pub use tags::{Tags, TagsProblem};

/// Where the real fal.ai takes submissions (source: fal's queue documentation).
pub const LIVE_QUEUE_URL: &str = "https://queue.fal.run/";

/// The shortest lifetime that fal's own clients have a name for (source: fal-js, `storage.ts`).
/// Less would lose a picture before it is read; 0 means none at all there.
const SHORTEST_LIFETIME: Duration = Duration::from_mins(1);

/// How to reach fal.ai.
#[derive(Clone, Debug)]
pub struct Fal {
    /// `FAL_AI_API_KEY`, or `FAL_KEY`: the account's key, `<id>:<secret>`.
    pub key: Option<SecretString>,
    /// `FAL_QUEUE_URL`: takes submissions.
    pub queue_url: Url,
    /// `FAL_REST_URL`: takes uploads.
    pub rest_url: Url,
    /// `FAL_API_URL`: the platform's own API.
    pub api_url: Url,
    /// `FAL_MEDIA_HOSTS`: hosts that results may be fetched from besides fal's own, separated by commas.
    pub media_hosts: String,
    /// `FAL_MAX_IN_FLIGHT`: jobs in flight at a time on all workers together: as many as the account runs at
    /// a time. A limit that is set at run time replaces it. Without either, requests wait in fal's queue.
    pub max_in_flight: Option<u16>,
    /// `FAL_START_DEADLINE_SECONDS`: how long a request may wait for its start before fal gives it
    /// up. Without it, there is no limit.
    pub start_deadline: Option<Duration>,
    /// `FAL_OBJECT_LIFETIME_SECONDS`: how long fal keeps inputs and results. Without it, as the
    /// account is set.
    pub object_lifetime: Option<Duration>,
    /// `FAL_TAGS`: tags that tell submissions apart in fal's bills.
    pub tags: Option<Tags>,
}

/// The stand-in for fal.ai.
#[derive(Clone, Copy, Debug)]
pub struct Sim {
    /// `SIM_PORT`: where it listens. Fixed, so that requests survive a restart of everything else.
    pub port: u16,
    /// `SIM_LATENCY_MS`: how long an edit takes.
    pub latency: Duration,
    /// `SIM_CONCURRENCY`: edits at a time; a new account at fal has 2.
    pub concurrency: usize,
}

impl Fal {
    /// Whether submissions go to the real fal.ai, and cost money.
    pub fn is_live(&self) -> bool {
        self.queue_url.as_str() == LIVE_QUEUE_URL
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let key = reader.secret("FAL_AI_API_KEY");
        let other_name = reader.secret("FAL_KEY");
        let fal = Self {
            key: key.or(other_name),
            queue_url: host(reader, "FAL_QUEUE_URL", LIVE_QUEUE_URL),
            rest_url: host(reader, "FAL_REST_URL", "https://rest.fal.ai/"),
            api_url: host(reader, "FAL_API_URL", "https://api.fal.ai/"),
            media_hosts: reader.value("FAL_MEDIA_HOSTS", String::new()),
            max_in_flight: reader.optional("FAL_MAX_IN_FLIGHT"),
            start_deadline: seconds(reader, "FAL_START_DEADLINE_SECONDS"),
            object_lifetime: seconds(reader, "FAL_OBJECT_LIFETIME_SECONDS"),
            tags: reader.optional("FAL_TAGS"),
        };
        // fal's own clients accept only more than 1 second (source: fal-js, `headers.ts`).
        let starts = fal.start_deadline.is_none_or(|deadline| deadline > Duration::from_secs(1));
        reader.require("FAL_START_DEADLINE_SECONDS", starts, "must be more than 1");
        let lives = fal.object_lifetime.is_none_or(|lifetime| lifetime >= SHORTEST_LIFETIME);
        reader.require("FAL_OBJECT_LIFETIME_SECONDS", lives, "must be at least 60");
        let are_hosts = fal.media_hosts.split(',').map(str::trim).all(is_host_or_nothing);
        let problem =
            "must be hosts as they stand in addresses, without a port, with commas between";
        reader.require("FAL_MEDIA_HOSTS", are_hosts, problem);
        fal
    }
}

impl Sim {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let sim = Self {
            port: reader.value("SIM_PORT", 8001),
            latency: Duration::from_millis(reader.value("SIM_LATENCY_MS", 1500)),
            concurrency: reader.value("SIM_CONCURRENCY", 2),
        };
        reader.require("SIM_CONCURRENCY", sim.concurrency > 0, "must be more than 0");
        sim
    }
}

fn seconds(reader: &mut Reader, name: &'static str) -> Option<Duration> {
    reader.optional(name).map(Duration::from_secs)
}

fn host(reader: &mut Reader, name: &'static str, default: &'static str) -> Url {
    #[expect(clippy::expect_used, reason = "a constant, which every test reads")]
    let default = Url::parse(default).expect("the default is a URL");
    let url = reader.value(name, default);
    let web = matches!(url.scheme(), "http" | "https");
    reader.require(name, web, "must start with http:// or https://");
    // All else would be dropped when a path of fal's is put there.
    let bare = format!("{}/", url.origin().ascii_serialization());
    let problem = "must be a host, and a port where it needs one, without anything after it";
    reader.require(name, !web || url.as_str() == bare, problem);
    url
}

/// Whether it is what a URL of this host has there; or empty, as after a last comma.
fn is_host_or_nothing(text: &str) -> bool {
    text.is_empty() || Host::parse(text).is_ok_and(|host| host.to_string() == text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{refuses, takes};

    #[test]
    fn an_address_of_the_providers_is_a_host_and_nothing_else() {
        for name in ["FAL_QUEUE_URL", "FAL_REST_URL", "FAL_API_URL"] {
            refuses(
                name,
                &[
                    "ftp://stand-in.test",
                    "https://stand-in.test/v1",
                    "https://stand-in.test/?a=b",
                    "https://stand-in.test/#a",
                    "https://user:word@stand-in.test/",
                ],
            );
            takes(name, &["https://stand-in.test", "http://127.0.0.1:8001/", "http://[::1]:9/"]);
        }
    }

    #[test]
    fn hosts_of_results_are_hosts_without_ports() {
        let wrong = ["media.test:8000", "https://media.test", "media.test/a", "a.test,b.test:1"];
        refuses("FAL_MEDIA_HOSTS", &wrong);
        takes("FAL_MEDIA_HOSTS", &["media.test", "Media.test, 127.0.0.1,[::1],"]);
    }
}
