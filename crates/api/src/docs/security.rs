//! What the contract says of keys: the same for all operations that take one.

use utoipa::{
    Modify,
    openapi::{
        Content, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

/// Tags of what anybody may read.
const OPEN: [&str; 2] = ["service", "models"];

const BEARER: &str = "bearer";
const HEADER: &str = "header";

/// Adds the ways to send a key, and the answers to who has none.
pub(super) struct Security;

impl Modify for Security {
    fn modify(&self, contract: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, where they are needed"))
            .build();
        let header =
            ApiKeyValue::with_description("X-API-Key", "The same, for who cannot send the other");
        let components = contract.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
        components.add_security_scheme(HEADER, SecurityScheme::ApiKey(ApiKey::Header(header)));
        for item in contract.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let tags = operation.tags.as_deref().unwrap_or_default();
                if !tags.iter().any(|tag| OPEN.contains(&tag.as_str())) {
                    secure(operation);
                }
            }
        }
    }
}

fn secure(operation: &mut Operation) {
    // An empty one: where no keys are needed, none is sent.
    operation.security = Some(vec![
        SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, []),
        SecurityRequirement::new::<_, [&str; 0], &str>(HEADER, []),
        SecurityRequirement::default(),
    ]);
    let answers = &mut operation.responses.responses;
    answers.entry("401".into()).or_insert_with(|| {
        problem("No API key was sent where one is needed, or it is none, or it is revoked")
    });
}

fn problem(description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    RefOr::T(
        ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content)
            .build(),
    )
}
