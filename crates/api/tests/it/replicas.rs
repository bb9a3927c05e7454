//! A client that watches at one replica is told of what happens elsewhere.

use std::{net::SocketAddr, time::Duration};

use reqwest::Response;
use serde_json::Value;

use crate::{
    app::{App, form, photo, problem},
    events::Events,
    watching::complete,
};

/// A job that is watched at the first of two replicas, in every possible way.
struct Watched {
    app: App,
    other: SocketAddr,
    job: Value,
    its_events: Events,
    all_events: Events,
    poll: tokio::task::JoinHandle<reqwest::Result<Response>>,
}

impl Watched {
    /// Makes the job at the other replica, and watches it.
    async fn begin() -> Self {
        let app = App::start().await;
        let other = app.another_replica();
        let mut all_events = Events::follow(&app, "/api/events", None).await;
        let post = app.client.post(format!("http://{other}/api/jobs"));
        let made = post.multipart(form(photo(), "make it rain")).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let job: Value = made.json().await.unwrap();
        let path = path(&job);

        assert_eq!(all_events.next().await.unwrap().data["id"], job["id"]);
        let mut its_events = Events::follow(&app, &format!("{path}/events"), None).await;
        assert_eq!(its_events.next().await.unwrap().data["status"], "pending");
        let poll = tokio::spawn(app.client.get(app.url(&format!("{path}?wait=60"))).send());
        // Gives the poll time to start waiting: else it would just read the changed job.
        tokio::time::sleep(Duration::from_millis(200)).await;
        Self { app, other, job, its_events, all_events, poll }
    }

    fn at_the_other(&self, rest: &str) -> String {
        format!("http://{}{}{rest}", self.other, path(&self.job))
    }

    async fn assert_all_are_told(mut self, status: &str) {
        let polled: Value = self.poll.await.unwrap().unwrap().json().await.unwrap();
        assert_eq!(polled["status"], status);
        assert_eq!(self.its_events.next().await.unwrap().data["status"], status);
        assert_eq!(self.its_events.next().await, None);
        let told = self.all_events.next().await.unwrap().data;
        assert_eq!((&told["id"], &told["status"]), (&self.job["id"], &status.into()));
    }
}

fn path(job: &Value) -> String {
    format!("/api/jobs/{}", job["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_a_client_of_another_replica_does_is_told() {
    let watched = Watched::begin().await;

    let cancel = watched.app.client.post(watched.at_the_other("/cancel")).send().await.unwrap();

    assert_eq!(cancel.status(), 200);
    watched.assert_all_are_told("cancelled").await;
}

#[tokio::test]
async fn what_a_worker_does_is_told() {
    let watched = Watched::begin().await;

    complete(&watched.app, watched.job["id"].as_str().unwrap()).await;

    watched.assert_all_are_told("completed").await;
}

#[tokio::test]
async fn a_deletion_through_another_replica_is_told() {
    let mut watched = Watched::begin().await;

    let deleted = watched.app.client.delete(watched.at_the_other("")).send().await.unwrap();

    assert_eq!(deleted.status(), 204);
    problem(watched.poll.await.unwrap().unwrap(), 404, "not_found").await;
    let gone = watched.its_events.next().await.unwrap();
    assert_eq!((gone.name.as_str(), &gone.data["id"]), ("deleted", &watched.job["id"]));
    assert_eq!(watched.its_events.next().await, None);
}
