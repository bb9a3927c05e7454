//! Webhooks that we send, to receivers that listen on real sockets.

mod busy;

use std::time::Duration;

use darkroom_core::{
    job::{JobId, Status},
    store::{self, Delivery},
    webhook::{Event, Secrets},
};
use darkroom_testing::{Call, Receiver, Reply, eventually};
use reqwest::header::{HeaderMap, HeaderName};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::house::House;

const QUICK: Duration = Duration::from_millis(20);

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// A house whose receivers are on this machine.
async fn house() -> House {
    let mut house = House::open(QUICK).await;
    house.set("OUTBOUND_ALLOWED", "127.0.0.1/32");
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    house
}

/// A job's only delivery, once `is_so` is true of it.
async fn delivery(house: &House, job: JobId, is_so: impl Fn(&Delivery) -> bool) -> Delivery {
    eventually("the delivery is as it should be", async || {
        let deliveries = store::deliveries(&house.database.pool, job).await.unwrap().unwrap();
        assert!(deliveries.len() <= 1, "{deliveries:?}");
        deliveries.into_iter().find(&is_so)
    })
    .await
}

/// Makes every delivery that rests due now.
async fn skip_waiting(house: &House) {
    let statement = "update deliveries set next_at = now() where next_at is not null";
    sqlx::query(statement).execute(&house.database.pool).await.unwrap();
}

fn json_of(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

/// Asserts that the published crate `standardwebhooks` accepts a call's signature as ours.
fn verify(secret: &str, call: &Call) {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(&call.body, &headers).unwrap();
}

#[tokio::test]
async fn a_receiver_is_told_of_the_end_with_a_signature_that_verifies() {
    let mut house = house().await;
    house.set("WEBHOOK_SECRET", SECRET);
    house.set("PUBLIC_URL", "https://darkroom.test/");
    let receiver = Receiver::start([]).await;
    let id = house.told_job(&format!("{}/hook?a=b", receiver.url), &Event::ENDS).await;
    let worker = house.worker();
    let job = house.once(id, Status::Completed).await;

    let call = receiver.received(1).await.remove(0);

    verify(SECRET, &call);
    assert_eq!(call.line, "POST /hook?a=b HTTP/1.1");
    assert_eq!(call.headers["content-type"], "application/json");
    let result = job.images.iter().find(|image| image.is_result).unwrap();
    let url = format!("https://darkroom.test/api/images/{}", result.id);
    let told = json_of(&call);
    assert_eq!(
        (&told["type"], &told["data"]["status"]),
        (&json!("job.completed"), &json!("completed"))
    );
    assert_eq!(told["data"]["id"], id.to_string());
    assert_eq!(told["data"]["model"], job.model);
    assert_eq!(told["data"]["result_image_url"], url);
    assert_eq!(told["data"]["result_image_urls"], json!([url]));
    assert_eq!(told["data"]["error"], Value::Null);
    let delivered = delivery(&house, id, |delivery| delivery.delivered_at.is_some()).await;
    assert_eq!(call.headers["webhook-id"], delivered.id.to_string());
    assert_eq!(delivered.attempts[0].status, Some(200));
    assert_eq!(receiver.calls().len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn without_a_configured_secret_the_shared_one_signs_and_each_wished_event_is_told() {
    let house = house().await;
    let receiver = Receiver::start([]).await;
    house.told_job(&receiver.url, &[Event::Processing, Event::Completed]).await;
    let worker = house.worker();

    let calls = receiver.received(2).await;

    let secrets = Secrets::load(None, &house.database.pool).await.unwrap().texts();
    for call in &calls {
        verify(secrets[0].expose_secret(), call);
    }
    let mut told: Vec<Value> = calls.iter().map(|call| json_of(call)["type"].clone()).collect();
    told.sort_by_key(ToString::to_string);
    assert_eq!(told, [json!("job.completed"), json!("job.processing")]);
    worker.stop().await;
}

#[tokio::test]
async fn what_failed_is_told_again_under_the_same_id_and_with_the_same_body() {
    let house = house().await;
    let no = Reply::Text(500, Vec::new(), "out of\u{1b} order".into());
    let receiver = Receiver::start([no]).await;
    let id = house.told_job(&receiver.url, &Event::ENDS).await;
    let worker = house.worker();
    let rests = delivery(&house, id, |delivery| delivery.attempts.len() == 1).await;
    assert!(rests.next_at.is_some() && rests.delivered_at.is_none());
    assert_eq!(rests.attempts[0].response.as_deref(), Some("out of  order"));

    skip_waiting(&house).await;

    let calls = receiver.received(2).await;
    assert_eq!(calls[0].headers["webhook-id"], calls[1].headers["webhook-id"]);
    assert_eq!(calls[0].body, calls[1].body);
    let done = delivery(&house, id, |delivery| delivery.delivered_at.is_some()).await;
    let codes: Vec<_> = done.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(codes, [Some(500), Some(200)]);
    worker.stop().await;
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_not_followed() {
    let house = house().await;
    let elsewhere = Receiver::start([]).await;
    let receiver = Receiver::start([Reply::redirect(301, &elsewhere.url)]).await;
    let id = house.told_job(&receiver.url, &Event::ENDS).await;
    let worker = house.worker();

    let rests = delivery(&house, id, |delivery| delivery.attempts.len() == 1).await;

    assert_eq!(rests.attempts[0].status, Some(301));
    assert!(rests.attempts[0].error.as_ref().unwrap().contains("redirect"));
    assert!(rests.next_at.is_some() && elsewhere.calls().is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_given_up_and_one_that_asks_for_time_gets_it() {
    let house = house().await;
    let gone = Receiver::start([Reply::code(410)]).await;
    let busy = Reply::Text(503, vec!["retry-after: 3600".into()], String::new());
    let busy = Receiver::start([busy]).await;
    let given_up = house.told_job(&gone.url, &Event::ENDS).await;
    let waits = house.told_job(&busy.url, &Event::ENDS).await;
    let worker = house.worker();

    delivery(&house, given_up, |delivery| delivery.gave_up_at.is_some()).await;

    let waits = delivery(&house, waits, |delivery| delivery.attempts.len() == 1).await;
    let rest = waits.next_at.unwrap() - waits.attempts[0].at;
    assert!((3590..3700).contains(&rest.whole_seconds()), "{rest}");
    worker.stop().await;
}

#[tokio::test]
async fn a_receiver_that_hangs_keeps_no_other_one_waiting_and_is_given_its_time() {
    let house = house().await;
    let hangs = Receiver::start([Reply::Nothing]).await;
    let receiver = Receiver::start([]).await;
    let silent = house.told_job(&hangs.url, &Event::ENDS).await;
    let worker = house.worker();
    hangs.received(1).await;

    house.told_job(&receiver.url, &Event::ENDS).await;

    receiver.received(1).await;
    let rests = delivery(&house, silent, |delivery| !delivery.attempts.is_empty()).await;
    let attempt = &rests.attempts[0];
    assert_eq!(attempt.status, None);
    assert!(attempt.milliseconds >= 15_000, "{attempt:?}");
    assert!(attempt.error.as_ref().unwrap().contains("15 seconds"), "{attempt:?}");
    worker.stop().await;
}

#[tokio::test]
async fn a_receiver_that_answers_without_end_is_cut_off() {
    let house = house().await;
    let receiver = Receiver::start([Reply::Endless]).await;
    let id = house.told_job(&receiver.url, &Event::ENDS).await;
    let worker = house.worker();

    let done = delivery(&house, id, |delivery| delivery.delivered_at.is_some()).await;

    assert_eq!(done.attempts[0].response.as_ref().unwrap().chars().count(), 200);
    assert!(receiver.poured().await < 64 * 1024 * 1024);
    worker.stop().await;
}

/// An address that the API accepted when the job was made may lead to a private one by now.
#[tokio::test]
async fn a_private_address_is_not_called_however_it_came_here() {
    let mut house = house().await;
    house.set("OUTBOUND_ALLOWED", "");
    let receiver = Receiver::start([]).await;
    let port = receiver.url.rsplit(':').next().unwrap();
    let worker = house.worker();
    for url in [&receiver.url, &format!("http://localhost:{port}")] {
        let id = house.told_job(url, &Event::ENDS).await;
        let rests = delivery(&house, id, |delivery| !delivery.attempts.is_empty()).await;
        let attempt = &rests.attempts[0];
        assert_eq!(attempt.status, None);
        assert!(attempt.error.as_ref().unwrap().contains("private"), "{attempt:?}");
    }
    assert!(receiver.calls().is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn a_delivery_survives_the_death_of_its_worker() {
    let house = house().await;
    let receiver = Receiver::start([Reply::Nothing]).await;
    let id = house.told_job(&receiver.url, &Event::ENDS).await;
    let first = house.worker();
    receiver.received(1).await;
    first.kill().await;

    let second = house.worker();

    let calls = receiver.received(2).await;
    assert_eq!(calls[0].headers["webhook-id"], calls[1].headers["webhook-id"]);
    delivery(&house, id, |delivery| delivery.delivered_at.is_some()).await;
    second.stop().await;
}

#[tokio::test]
async fn a_worker_that_stops_hands_its_deliveries_over() {
    let house = house().await;
    let receiver = Receiver::start([Reply::Nothing]).await;
    let id = house.told_job(&receiver.url, &Event::ENDS).await;
    let first = house.worker();
    receiver.received(1).await;
    first.stop().await;

    let second = house.worker();

    delivery(&house, id, |delivery| delivery.delivered_at.is_some()).await;
    assert_eq!(receiver.calls().len(), 2);
    second.stop().await;
}

#[tokio::test]
async fn deliveries_are_made_without_being_woken() {
    let mut house = house().await;
    house.set("DATABASE_NOTIFY", "false");
    let receiver = Receiver::start([]).await;
    house.told_job(&receiver.url, &Event::ENDS).await;
    let worker = house.worker();

    receiver.received(1).await;

    worker.stop().await;
}
