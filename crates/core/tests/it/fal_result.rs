//! How a result is read.

use darkroom_core::{
    chain::chain,
    fal::{Class, Error, Malformed, Output},
};

use crate::fal_server::{Reply, Server};

async fn result(headers: &[&str], body: &str) -> Result<Output, Error> {
    let server = Server::always(Reply::text(200, headers, body)).await;
    let output = server.client().result(&server.submission()).await;
    assert_eq!(server.only().line, "GET /fal-ai/app/requests/r-1");
    output
}

#[tokio::test]
async fn a_result_has_its_pictures_its_seed_and_its_price() {
    let body = r#"{"images":[{"url":"https://fal.media/1","file_name":null,"width":"wide"},
        {"url":"https://fal.media/2"}],"seed":196619188014358660,"timings":{"x":1e999},
        "has_nsfw_concepts":[false,true]}"#;

    let output = result(&["X-Fal-Billable-Units: 2.5"], body).await.unwrap();

    let images: Vec<_> =
        output.images.iter().map(|image| (image.url.path(), image.blanked)).collect();
    assert_eq!(images, [("/1", Some(false)), ("/2", Some(true))]);
    assert_eq!(output.seed, Some(196_619_188_014_358_660));
    assert_eq!(output.billable_units, Some(2.5));
}

#[tokio::test]
async fn one_picture_alone_is_a_result_too() {
    let output = result(&[], r#"{"images":null,"image":{"url":"https://fal.media/1"}}"#).await;

    let output = output.unwrap();
    assert_eq!((output.images.len(), output.images[0].blanked), (1, None));
    assert_eq!((output.seed, output.billable_units), (None, None));
}

#[tokio::test]
async fn hints_that_are_no_such_thing_do_no_harm() {
    for seed in
        ["null", "18446744073709551615", "9223372036854775808", "1.5", "1e999", "\"7\"", "{}"]
    {
        for nsfw in ["null", "true", "[null]", "[\"no\"]", "[]", "{}"] {
            let body = format!(
                r#"{{"images":[{{"url":"https://fal.media/1"}}],"seed":{seed},"has_nsfw_concepts":{nsfw}}}"#
            );
            let output = result(&["X-Fal-Billable-Units: NaN"], &body).await.unwrap();
            assert_eq!(output.seed, None, "{seed}");
            assert_eq!(output.images[0].blanked, None, "{nsfw}");
            assert_eq!(output.billable_units, None);
        }
    }
    let body = r#"{"image":{"url":"https://fal.media/1"},"seed":9223372036854775807}"#;
    assert_eq!(result(&[], body).await.unwrap().seed, Some(i64::MAX));
}

#[tokio::test]
async fn where_a_type_matters_the_field_is_named_and_its_value_is_not() {
    for (body, field) in [
        (r#"{"images":[{"url":"https://fal.media/1"},{"url":"s3cret"}]}"#, "images[1].url"),
        (r#"{"images":[{"url":{"s3cret":1}}]}"#, "images[0].url"),
        (r#"{"images":[{"url":null}]}"#, "images[0].url"),
        (r#"{"images":[{"s3cret":"x"}]}"#, "images[0].url"),
        (r#"{"images":["s3cret"]}"#, "images[0]"),
        (r#"{"images":"s3cret"}"#, "images"),
        (r#"{"image":{"url":7}}"#, "image.url"),
        (r#""s3cret""#, "(all)"),
    ] {
        let error = result(&[], body).await.unwrap_err();
        let expected = Malformed::Field(field.into());
        assert!(
            matches!(&error, Error::UnexpectedResult(named) if *named == expected),
            "{error:?}"
        );
        assert_eq!(error.class(), Class::Never);
        assert!(!format!("{} {error:?}", chain(&error)).contains("s3cret"));
    }
}

#[tokio::test]
async fn what_is_no_json_is_not_the_result_and_is_asked_for_again() {
    for body in ["", "<html>maintenance</html>", r#"{"images":[{"url":"https://fal.me"#] {
        let error = result(&[], body).await.unwrap_err();

        assert!(matches!(error, Error::Malformed(Malformed::NotJson { .. })), "{error:?}");
        assert_eq!(error.class(), Class::Later, "{body}");
        assert!(error.worthwhile_tries() > 3, "{body}");
    }
}

#[tokio::test]
async fn a_result_without_pictures_is_none() {
    for body in ["{}", r#"{"images":[]}"#, r#"{"images":null,"image":null}"#] {
        assert!(matches!(result(&[], body).await, Err(Error::NoPicture)), "{body}");
    }
}

#[tokio::test]
async fn an_output_that_is_gone_is_asked_for_again_and_then_another_attempt_is_worth_it() {
    for status in [403, 404, 410] {
        let server = Server::always(Reply::text(status, &[], "gone")).await;

        let error = server.client().download(&server.url).await.unwrap_err();

        assert!(matches!(error, Error::OutputGone(_)), "{error:?}");
        assert!(error.worthwhile_tries() > 1);
        assert_eq!(error.class(), Class::Retry);
    }
}
