//! What the contract says of API keys, the same for all operations that take one.

use utoipa::{
    Modify,
    openapi::{
        OpenApi,
        path::Operation,
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

use super::answers::refusal;

/// Tags of the operations that need no key.
const OPEN: [&str; 2] = ["service", "models"];

const BEARER: &str = "bearer";
const HEADER: &str = "header";

/// Adds the ways to send a key, and the answer to a request without a valid one.
pub(super) struct Security;

impl Modify for Security {
    fn modify(&self, contract: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key; needed unless the service runs without keys"))
            .build();
        let header = ApiKeyValue::with_description(
            "X-API-Key",
            "An API key, for clients that cannot send `Authorization`",
        );
        let components = contract.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
        components.add_security_scheme(HEADER, SecurityScheme::ApiKey(ApiKey::Header(header)));
        for (path, item) in &mut contract.paths.paths {
            let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let tags = operation.tags.as_deref().unwrap_or_default();
                if !tags.iter().any(|tag| OPEN.contains(&tag.as_str())) {
                    secure(operation, path);
                }
            }
        }
    }
}

fn secure(operation: &mut Operation, path: &str) {
    // The last one is empty: where no keys are needed, none has to be sent.
    operation.security = Some(vec![
        SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, []),
        SecurityRequirement::new::<_, [&str; 0], &str>(HEADER, []),
        SecurityRequirement::default(),
    ]);
    let refused = refusal(
        path,
        "No API key was sent where one is needed, or the one that was sent does not exist or is revoked",
    );
    operation.responses.responses.insert("401".into(), refused);
}
