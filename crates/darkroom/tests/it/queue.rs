//! `darkroom queue`, as an operator types it.

use std::collections::HashMap;

use darkroom_core::{
    images::MediaType,
    job::NewJob,
    models,
    queue::{self, Scope},
    store::{self, NewImage},
};
use darkroom_testing::TestDatabase;
use secrecy::ExposeSecret;

use crate::program::run;

#[tokio::test]
async fn the_queue_is_seen_paused_limited_and_resumed_from_the_shell() {
    let database = TestDatabase::create().await;
    let url = database.url.expose_secret().to_owned();
    let settings = HashMap::from([("DATABASE_URL".to_owned(), url)]);
    let input = NewImage {
        data: b"a picture".to_vec().into(),
        media_type: MediaType::Png,
        width: 1,
        height: 1,
    };
    let new = NewJob {
        prompt: "p".into(),
        model: models::DEFAULT.into(),
        inputs: vec![input],
        ..NewJob::default()
    };
    store::create(&database.pool, &new).await.unwrap();
    let darkroom = async |words: &[&str]| run(words, &settings).await;

    let (went_well, said) = darkroom(&["queue", "status"]).await;
    assert!(went_well, "{said}");
    assert!(said.contains("workers: 0") && said.contains(models::DEFAULT), "{said}");
    let (_, said) = darkroom(&["queue", "pause", "--model", models::DEFAULT]).await;
    assert!(said.contains(&format!("paused: model {}", models::DEFAULT)), "{said}");
    let (_, said) = darkroom(&["queue", "limit", "3"]).await;
    assert!(said.contains("limit: everything to 3 in flight"), "{said}");
    darkroom(&["queue", "resume", "--model", models::DEFAULT]).await;
    let (_, said) = darkroom(&["queue", "limit", "none"]).await;
    assert!(!said.contains("limit:") && !said.contains("paused:"), "{said}");
    let (_, said) = darkroom(&["queue", "retry", "--all"]).await;
    assert!(said.contains("0 jobs are tried again"), "{said}");
    assert!(queue::rules(&database.pool).await.unwrap().is_empty());

    // A model that is not on offer any more.
    let gone = Scope::Model("gone/edit".into());
    queue::pause(&database.pool, &gone).await.unwrap();
    queue::limit(&database.pool, &gone, Some(3)).await.unwrap();
    darkroom(&["queue", "resume", "--model", "gone/edit"]).await;
    let (_, said) = darkroom(&["queue", "limit", "none", "--model", "gone/edit"]).await;
    assert!(!said.contains("limit:") && !said.contains("paused:"), "{said}");

    for (words, why) in [
        (&["queue", "pause", "--model", "gone/edit"][..], "there is no model"),
        (&["queue", "limit", "3", "--model", "gone/edit"], "there is no model"),
        (&["queue", "limit", "many"], "a number up to 65535"),
        (&["queue", "retry"], "required"),
        (&["queue", "retry", "--since", "yesterday"], "as in RFC 3339"),
        (&["queue", "retry", "--since", "9999-12-31T23:59:59-01:00"], "as in RFC 3339"),
        (&["queue", "retry", "7d3f0c52-1f2e-4b8a-9a53-6f0f6a1c2b4d", "--all"], "cannot be used"),
    ] {
        let (went_well, said) = darkroom(words).await;
        assert!(!went_well && said.contains(why), "{words:?}: {said}");
    }
}

#[tokio::test]
async fn jobs_that_fail_again_while_the_shell_retries_all_are_tried_once() {
    let database = TestDatabase::create().await;
    let failed =
        "insert into jobs (id, prompt, model, status, failure_code, failure_message, finished_at)
                  select gen_random_uuid(), 'p', 'm', 'failed', 'test', 'A test.', now()
                  from generate_series(1, 700)";
    // Jobs fail again in the same commit, as if a worker were infinitely fast.
    let fail_again = "create function fail_at_once() returns trigger language plpgsql as $$
         begin
             delete from queue where job_id = new.job_id;
             update jobs set status = 'failed', failure_code = 'test', failure_message = 'A test.',
                 finished_at = now()
             where id = new.job_id;
             return null;
         end
         $$;
         create constraint trigger quick after insert on queue deferrable initially deferred
             for each row execute function fail_at_once()";
    for statements in [failed, fail_again] {
        sqlx::raw_sql(statements)
            .execute(&mut database.pool.acquire().await.unwrap())
            .await
            .unwrap();
    }
    let url = database.url.expose_secret().to_owned();
    let settings = HashMap::from([("DATABASE_URL".to_owned(), url)]);

    // They all failed before that moment.
    let since = ["queue", "retry", "--code", "test", "--since", "2999-01-01T00:00:00Z"];
    let (went_well, said) = run(&since, &settings).await;
    assert!(went_well && said.contains("0 jobs are tried again"), "{said}");

    let (went_well, said) = run(&["queue", "retry", "--all"], &settings).await;

    assert!(went_well && said.contains("700 jobs are tried again"), "{said}");
}
