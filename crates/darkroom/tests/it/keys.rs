//! `darkroom keys`, as an operator types it.

use std::collections::HashMap;

use darkroom_core::{api_key::Token, store};
use darkroom_testing::TestDatabase;
use secrecy::ExposeSecret;

use crate::program::run;

#[tokio::test]
async fn a_key_is_made_shown_once_listed_and_revoked() {
    let database = TestDatabase::create().await;
    let url = database.url.expose_secret().to_owned();
    let settings = HashMap::from([("DATABASE_URL".to_owned(), url)]);
    let darkroom = async |words: &[&str]| run(words, &settings).await;

    let (went_well, said) = darkroom(&["keys", "create", "the web shop", "--admin"]).await;
    assert!(went_well, "{said}");
    let token = said.lines().find_map(|line| line.trim().parse::<Token>().ok()).unwrap();
    let kept = store::api_key(&database.pool, token.prefix()).await.unwrap().unwrap();
    assert!(kept.is_admin && kept.digest.is_same(&token.digest()));

    let (_, said) = darkroom(&["keys", "list"]).await;
    assert!(said.contains("the web shop") && said.contains(token.prefix()), "{said}");
    assert!(!said.contains(token.secret().expose_secret()), "{said}");

    let limit =
        ["keys", "limit", token.prefix(), "--budget", "5", "--in-flight", "4", "--pending", "9"];
    let (went_well, said) = darkroom(&limit).await;
    assert!(went_well, "{said}");
    assert!(said.contains("9 pending, 4 in flight, $5.000000 a day"), "{said}");
    let (_, said) = darkroom(&["keys", "limit", token.prefix(), "--budget", "none"]).await;
    assert!(said.contains("9 pending, 4 in flight") && !said.contains('$'), "{said}");
    let (went_well, said) = darkroom(&["keys", "limit", token.prefix(), "--budget", "lots"]).await;
    assert!(!went_well && said.contains("--budget: \"lots\" is no limit"), "{said}");

    let (_, said) = darkroom(&["keys", "revoke", token.prefix()]).await;
    assert!(said.contains("is revoked"), "{said}");
    let (_, said) = darkroom(&["keys", "revoke", &kept.id.0.to_string()]).await;
    assert!(said.contains("was revoked before"), "{said}");
    let (_, said) = darkroom(&["keys", "list"]).await;
    assert!(said.contains("(revoked)"), "{said}");

    for (words, why) in [
        (&["keys", "create", " "][..], "the name must have"),
        (&["keys", "create", &"x".repeat(101)], "the name must have"),
        (&["keys", "revoke", "dk_none"], "there is no such key"),
    ] {
        let (went_well, said) = darkroom(words).await;
        assert!(!went_well && said.contains(why), "{words:?}: {said}");
    }
}
