//! `darkroom webhook-secret`, as an operator types it.

use std::collections::HashMap;

use darkroom_core::webhook::Secrets;
use darkroom_testing::TestDatabase;
use secrecy::ExposeSecret;

use crate::program::run;

const SECRETS: [&str; 2] =
    ["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "whsec_FxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"];

#[tokio::test]
async fn the_secret_that_all_workers_share_is_printed() {
    let database = TestDatabase::create().await;
    let url = database.url.expose_secret().to_owned();
    let settings = HashMap::from([("DATABASE_URL".to_owned(), url)]);

    let (went_well, said) = run(&["webhook-secret"], &settings).await;

    assert!(went_well, "{said}");
    let shared = Secrets::load(None, &database.pool).await.unwrap().texts();
    assert_eq!(said.trim(), shared[0].expose_secret());
}

#[tokio::test]
async fn configured_secrets_are_printed_and_bad_ones_are_not() {
    let settings = |secret: &str| HashMap::from([("WEBHOOK_SECRET".to_owned(), secret.to_owned())]);

    let (went_well, said) = run(&["webhook-secret"], &settings(&SECRETS.join(" "))).await;

    assert!(went_well, "{said}");
    assert_eq!(said.lines().collect::<Vec<_>>(), SECRETS);
    let (went_well, said) = run(&["webhook-secret"], &settings("whsec_hunter2")).await;
    assert!(!went_well && said.contains("WEBHOOK_SECRET") && !said.contains("hunter2"), "{said}");
}
