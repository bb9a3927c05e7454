//! The settings in the deployment files are accepted, and fit for production.

use std::collections::HashMap;

use darkroom_core::config::{Config, Environment};
use serde_json::Value;

use super::{COMPOSE, RENDER, ROLES, services, words, yaml};

#[test]
fn compose_and_render_start_every_role_with_keys_and_limits() {
    for (role, variables) in deployed() {
        let config = Config::from_variables(variables)
            .unwrap_or_else(|problems| panic!("{role} does not start: {problems}"));

        assert_eq!(config.environment, Environment::Production, "{role}");
        assert!(config.access.require_api_key, "{role} answers everybody");
        assert!(config.rate.jobs_per_minute.is_some(), "{role} takes any number of jobs");
        assert!(config.rate.reads_per_minute.is_some(), "{role} answers without end");
        assert!(config.log.json, "{role} logs for people");
        assert!(config.server.cors_allowed_origins.0.is_empty(), "{role} is open to any page");
        if role.contains("api") {
            assert!(config.server.host.is_unspecified(), "{role} is reached by nobody");
        }
        if role.contains("worker") {
            assert!(config.fal.key.is_some() && config.fal.is_live(), "{role} edits nothing");
        }
    }
}

#[test]
fn proxies_are_believed_where_they_are_and_nobody_else_is() {
    for (role, believed, not_believed) in [
        ("compose api", &["172.18.0.1"][..], &["192.168.1.5", "10.0.0.1", "127.0.0.1"][..]),
        (
            "render darkroom-api",
            &["10.214.3.7", "172.71.4.9", "2606:4700::1"],
            &["203.0.113.7", "2001:db8::1"],
        ),
    ] {
        let config = Config::from_variables(deployed().remove(role).unwrap()).unwrap();
        let is_proxy =
            |address: &&str| config.rate.trusted_proxies.contains(address.parse().unwrap());
        assert!(believed.iter().all(is_proxy), "{role} takes its proxy for a caller");
        assert!(!not_believed.iter().any(is_proxy), "{role} believes anybody");
    }
}

#[test]
fn connections_fit_the_database_during_a_deploy() {
    let render = yaml(RENDER);
    let instances: u64 = services(&render).map(|one| one["numInstances"].as_u64().unwrap()).sum();
    let of_render = Config::from_variables(deployed().remove("render darkroom-api").unwrap());
    // One API and four workers, the most that the pages show for Compose.
    for (replicas, each, limit) in [
        (instances, of_render.unwrap().database.max_connections, 100),
        (1 + 4, Config::from_variables(HashMap::new()).unwrap().database.max_connections, 200),
    ] {
        assert!(2 * replicas * u64::from(each) + 10 <= limit, "{replicas} of {each} each");
    }
    let command = words(&yaml(COMPOSE)["services"]["postgres"]["command"]);
    assert!(command.contains(&"max_connections=200".to_owned()));
}

#[test]
fn a_picture_fits_the_memory_of_renders_smallest_plan() {
    let config = Config::from_variables(deployed().remove("render darkroom-worker").unwrap());

    // At most 16 bytes per pixel, with a fifth of the 512 MB left for everything else.
    assert!(config.unwrap().limits.image_pixels * 16 <= 512_000_000 * 4 / 5);
}

/// Each role's variables, from the file that deploys it and from a person who enters the key.
fn deployed() -> HashMap<String, HashMap<String, String>> {
    let (compose, render) = (yaml(COMPOSE), yaml(RENDER));
    let of_compose = ROLES.map(|role| {
        let set = compose["services"][role]["environment"].as_object().unwrap();
        let set =
            set.iter().map(|(name, value)| (name.clone(), interpolated(value.as_str().unwrap())));
        (format!("compose {role}"), set.collect())
    });
    let group = &render["envVarGroups"][0];
    let of_render = services(&render).map(|service| {
        let set = [&service["envVars"], &group["envVars"]].into_iter().flat_map(render_variables);
        (format!("render {}", service["name"].as_str().unwrap()), set.collect())
    });
    of_compose.into_iter().chain(of_render).collect()
}

/// Variables with their values from the file, or as a person or the platform would set them.
fn render_variables(list: &Value) -> impl Iterator<Item = (String, String)> {
    list.as_array().unwrap().iter().filter(|variable| variable["fromGroup"].is_null()).map(
        |variable| {
            let name = variable["key"].as_str().unwrap();
            let value = match name {
                "DATABASE_URL" => "postgresql://darkroom:password@database/darkroom",
                "FAL_AI_API_KEY" => "id:secret",
                _ => variable["value"].as_str().unwrap(),
            };
            (name.to_owned(), value.to_owned())
        },
    )
}

/// A text of the compose file with its variables filled in, where a person has set only the key.
pub(super) fn interpolated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (asked, rest) = rest.split_once('}').unwrap();
    let end = asked.find(|letter: char| letter != '_' && !letter.is_ascii_uppercase());
    let (name, otherwise) = asked.split_at(end.unwrap_or(asked.len()));
    let value = match name {
        "FAL_AI_API_KEY" => "id:secret",
        _ => otherwise.trim_start_matches(':').strip_prefix('-').unwrap(),
    };
    format!("{before}{value}{}", interpolated(rest))
}
