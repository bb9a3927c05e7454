//! The operators' key in the contract, so that it can be said at `/docs`.

use utoipa::{
    Modify,
    openapi::{
        OpenApi,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

const NAME: &str = "admin_token";

/// Shows a key for each path of operators. They are open without one in development.
pub(super) struct AdminToken;

impl Modify for AdminToken {
    fn modify(&self, contract: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("What the service was given as `ADMIN_TOKEN`"))
            .build();
        let components = contract.components.get_or_insert_default();
        components.add_security_scheme(NAME, SecurityScheme::Http(scheme));
        for path in contract.paths.paths.values_mut() {
            let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.delete];
            for operation in operations.into_iter().flatten() {
                if operation.tags.iter().flatten().any(|tag| tag == "admin") {
                    let key = SecurityRequirement::new::<_, [&str; 0], _>(NAME, []);
                    operation.security = Some(vec![key, SecurityRequirement::default()]);
                }
            }
        }
    }
}
