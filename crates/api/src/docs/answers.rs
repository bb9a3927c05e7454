//! Adds to the contract the answers that many operations share, and their headers.

use actix_web::http::Method;
use utoipa::{
    Modify,
    openapi::{
        Content, Header, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response,
        Schema, Type, path::Operation, schema::AdditionalProperties,
    },
};

use crate::{error::PROBLEM, rate};

/// Headers: name, description, example.
const HEADERS: [(&str, &str, &str); 8] = [
    (
        "RateLimit",
        "`r`: how many more requests are allowed now; `t`: in how many seconds the whole quota is available again or, after a refusal, the next request is allowed (draft-ietf-httpapi-ratelimit-headers). Sent only if there is a limit",
        "\"requests\";r=599;t=1",
    ),
    (
        "RateLimit-Policy",
        "`q`: how many requests are allowed within `w` seconds. `jobs` limits the requests that make jobs, `requests` all others. Sent only if there is a limit",
        "\"requests\";q=600;w=60",
    ),
    ("Retry-After", "How many seconds to wait before sending the request again", "5"),
    ("WWW-Authenticate", "How to send an API key", "Bearer"),
    (
        "ETag",
        "Identifies the current state of what is answered, for `If-None-Match`",
        "\"1f0c9d2b7a3e4c58\"",
    ),
    ("Cache-Control", "Whether the client may keep the answer, and for how long", "no-store"),
    (
        "Link",
        "`<address>; rel=\"next\"`: the address of the next page; not sent on the last one",
        "</api/jobs?cursor=…>; rel=\"next\"",
    ),
    (
        "x-should-retry",
        "`true` if sending the request again may help and pays for nothing twice, `false` if not. Sent only if the status does not already say so",
        "false",
    ),
];

/// Headers that only certain operations' answers have: operation, status, headers.
const SENT: [(&str, &str, &[&str]); 12] = [
    ("create_job", "201", &["Cache-Control"]),
    ("read_metrics", "200", &["Cache-Control"]),
    ("list_jobs", "304", &["Cache-Control", "ETag", "Link"]),
    ("get_job", "304", &["Cache-Control", "ETag"]),
    ("list_versions", "304", &["Cache-Control", "ETag"]),
    ("get_progress", "200", &["Cache-Control"]),
    ("get_usage", "200", &["Cache-Control"]),
    ("follow_job", "200", &["Cache-Control"]),
    ("follow_jobs", "200", &["Cache-Control"]),
    ("openai_edit", "200", &["Cache-Control"]),
    ("openai_edit", "504", &["Cache-Control"]),
    ("openai_edit", "409", &["Cache-Control"]),
];

/// Operations that accept an empty body: it names nothing, so everything is meant.
const BODILESS: [&str; 3] = ["pause_queue", "resume_queue", "retry_jobs"];

/// Why any operation may be refused.
const FOREIGN_HOST: &str = "no keys are needed, and a request without one was sent to a name that anybody may have led here (not that of `PUBLIC_URL`)";

/// Adds the refusals that are made before an operation runs, or instead of it, and the headers of all answers.
pub(super) struct Answers;

impl Modify for Answers {
    fn modify(&self, contract: &mut OpenApi) {
        let components = contract.components.get_or_insert_default();
        for (name, description, example) in HEADERS {
            components.headers.insert(name.into(), RefOr::T(header(description, example)));
        }
        // The form is read as a stream, so nothing else says that it takes no other fields.
        if let Some(RefOr::T(Schema::Object(form))) = components.schemas.get_mut("NewJobForm") {
            form.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
        for (path, item) in &mut contract.paths.paths {
            let operations = [
                (Method::GET, &mut item.get),
                (Method::PUT, &mut item.put),
                (Method::POST, &mut item.post),
                (Method::DELETE, &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    complete(operation, path, rate::counts(&method, path));
                }
            }
        }
    }
}

/// A refusal in this path's format: OpenAI's under `/v1/`, a problem elsewhere.
pub(super) fn refusal(path: &str, description: &str) -> RefOr<Response> {
    let (media_type, schema) = if path.starts_with("/v1/") {
        ("application/json", "OpenAiError")
    } else {
        (PROBLEM, "Problem")
    };
    let mut response = Response::new(description);
    let content = Content::new(Some(Ref::from_schema_name(schema)));
    response.content.insert(media_type.into(), content.into());
    RefOr::T(response)
}

fn complete(operation: &mut Operation, path: &str, is_counted: bool) {
    let name = operation.operation_id.as_deref().unwrap_or_default();
    let needs_database = operation.responses.responses.contains_key("503") && is_counted;
    let takes_body = operation.request_body.is_some();
    let takes_json = takes_body && path.starts_with("/api/admin/");
    let refusals = [
        (takes_body, "408", "The body came too slowly"),
        (takes_json, "413", "The body has more bytes than are accepted"),
        (
            is_counted,
            "429",
            "The caller sends requests faster than is allowed, or has too many under way; `code` and `detail` say which",
        ),
        (needs_database, "500", "A fault of the service; its log has the cause"),
    ];
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && BODILESS.contains(&name)
    {
        body.required = Some(Required::False);
    }
    let answers = &mut operation.responses.responses;
    if is_counted || name == "read_metrics" {
        let refused = answers.entry("403".into()).or_insert_with(|| refusal(path, ""));
        if let RefOr::T(refused) = refused {
            let others = std::mem::take(&mut refused.description);
            let or = if others.is_empty() { "" } else { "; or " };
            refused.description = format!("{others}{or}{FOREIGN_HOST}");
        }
    }
    for (_, status, description) in refusals.into_iter().filter(|(applies, ..)| *applies) {
        answers.entry(status.into()).or_insert_with(|| refusal(path, description));
    }
    for (status, answer) in answers {
        let RefOr::T(answer) = answer else { continue };
        let own = SENT.iter().filter(|(of, when, _)| *of == name && *when == status);
        let own = own.flat_map(|(_, _, headers)| headers.iter().copied());
        let counted: &[_] = if is_counted { &["RateLimit", "RateLimit-Policy"] } else { &[] };
        let of_status: &[_] = match status.as_str() {
            "401" => &["WWW-Authenticate"],
            "429" | "503" => &["Retry-After"],
            _ => &[],
        };
        let theirs: &[_] = if path.starts_with("/v1/") && !status.starts_with('2') {
            &["x-should-retry"]
        } else {
            &[]
        };
        for header in own.chain([counted, of_status, theirs].concat()) {
            let shared = Ref::new(format!("#/components/headers/{header}"));
            answer.headers.entry(header.into()).or_insert(RefOr::Ref(shared));
        }
    }
}

fn header(description: &str, example: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(description))
        .example(Some(example.into()))
        .build()
}
