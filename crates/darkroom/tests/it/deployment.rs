//! The deployment files agree with the code.

mod settings;

use std::{collections::BTreeSet, process::Command};

use darkroom_core::config::Config;
use serde_json::Value;

use self::settings::interpolated;

const COMPOSE: &str = include_str!("../../../../docker-compose.yml");
const RENDER: &str = include_str!("../../../../render.yaml");
const DOCKERFILE: &str = include_str!("../../../../Dockerfile");
const TOOLCHAIN: &str = include_str!("../../../../rust-toolchain.toml");

/// Variables that only compose reads: the password of its database, and where the API is published.
const OF_COMPOSE: [&str; 2] = ["POSTGRES_PASSWORD", "PUBLISH_ADDRESS"];

/// The services of the compose file that run this binary.
const ROLES: [&str; 3] = ["migrate", "api", "worker"];

#[test]
fn compose_sets_only_variables_that_exist() {
    let compose = yaml(COMPOSE);
    for role in ROLES {
        let environment = compose["services"][role]["environment"].as_object().unwrap();
        for name in environment.keys() {
            assert!(is_variable(name), "{role} sets {name}, which nothing reads");
        }
    }
}

#[test]
fn compose_asks_only_for_variables_that_exist() {
    for asked in COMPOSE.split("${").skip(1) {
        let name = asked.split([':', '-', '}']).next().unwrap();
        let known = is_variable(name) || OF_COMPOSE.contains(&name);
        assert!(known, "${{{name}}} is no variable of ours");
    }
}

#[test]
fn compose_can_run_many_workers() {
    let worker = &yaml(COMPOSE)["services"]["worker"];

    assert_eq!(worker["container_name"], Value::Null);
    assert_eq!(worker["ports"], Value::Null);
}

#[test]
fn compose_migrates_before_anything_serves() {
    let compose = yaml(COMPOSE);
    for role in ["api", "worker"] {
        let condition = &compose["services"][role]["depends_on"]["migrate"]["condition"];
        assert_eq!(condition, "service_completed_successfully", "{role} does not wait");
    }
}

#[test]
fn render_sets_only_variables_that_exist() {
    let render = yaml(RENDER);
    let set: Vec<&str> = [&render["services"], &render["envVarGroups"]]
        .into_iter()
        .flat_map(|holders| holders.as_array().unwrap())
        .flat_map(|holder| holder["envVars"].as_array().unwrap())
        .filter_map(|variable| variable["key"].as_str())
        .collect();

    assert!(set.contains(&"DATABASE_URL"));
    for name in set {
        assert!(is_variable(name), "render.yaml sets {name}, which nothing reads");
    }
}

#[test]
fn render_routes_only_to_an_api_that_is_ready() {
    let render = yaml(RENDER);

    assert_eq!(service(&render, "web")["healthCheckPath"], "/ready");
}

#[test]
fn render_migrates_before_each_deploy_of_either_service() {
    let render = yaml(RENDER);
    for kind in ["web", "worker"] {
        assert_eq!(service(&render, kind)["preDeployCommand"], "darkroom migrate");
    }
}

#[test]
fn render_asks_for_the_key_and_does_not_hold_it() {
    let render = yaml(RENDER);
    let variables = service(&render, "worker")["envVars"].as_array().unwrap();
    let key = variables.iter().find(|variable| variable["key"] == "FAL_AI_API_KEY").unwrap();

    assert_eq!(key["sync"], false);
    assert_eq!(key["value"], Value::Null);
}

#[test]
fn compose_lets_only_this_machine_in_and_nobody_at_the_database() {
    let compose = yaml(COMPOSE);
    let published = &compose["services"]["api"]["ports"];
    let database = &compose["services"]["postgres"];

    assert_eq!(interpolated(published[0].as_str().unwrap()), "127.0.0.1:8000:8000");
    assert_eq!(published.as_array().unwrap().len(), 1);
    assert_eq!(database["ports"], Value::Null);
    assert_eq!(database["networks"], serde_json::json!(["database"]));
    assert_eq!(compose["networks"]["database"]["internal"], true);
    // A role that also needs connections to or from outside is in both networks.
    for role in ["api", "worker"] {
        let networks = &compose["services"][role]["networks"];
        assert_eq!(networks, &serde_json::json!(["database", "default"]), "{role}");
    }
}

#[test]
fn render_keeps_the_database_to_its_own_network() {
    assert_eq!(yaml(RENDER)["databases"][0]["ipAllowList"], serde_json::json!([]));
}

#[test]
fn whoever_is_told_to_stop_has_the_time_it_may_take() {
    let (compose, render) = (yaml(COMPOSE), yaml(RENDER));
    // An API gives requests 5 seconds to end, and a worker waits up to 20 for a submission.
    for (role, kind, least) in [("api", "web", 10), ("worker", "worker", 30)] {
        let grace = compose["services"][role]["stop_grace_period"].as_str().unwrap();
        let grace: u64 = grace.strip_suffix('s').unwrap().parse().unwrap();
        assert!(grace >= least, "{role} is killed after {grace} s");
        assert!(service(&render, kind)["maxShutdownDelaySeconds"].as_u64().unwrap() >= least);
    }
}

#[test]
fn every_command_of_a_deployment_is_one_of_the_binary() {
    let (compose, render) = (yaml(COMPOSE), yaml(RENDER));
    let mut commands = BTreeSet::new();
    for role in ROLES {
        commands.insert(words(&compose["services"][role]["command"]));
    }
    commands.insert(words(&compose["services"]["api"]["healthcheck"]["test"]).split_off(1));
    for service in render["services"].as_array().unwrap() {
        commands.insert(words(&service["dockerCommand"]));
        commands.insert(words(&service["preDeployCommand"]));
    }

    for command in commands {
        let [program, role] = &command[..] else { panic!("{command:?} is not `darkroom <role>`") };
        assert_eq!(program, "darkroom");
        let help = Command::new(env!("CARGO_BIN_EXE_darkroom")).args([role, "--help"]).output();
        assert!(help.unwrap().status.success(), "there is no `darkroom {role}`");
    }
}

#[test]
fn the_image_is_built_with_the_pinned_toolchain() {
    let pinned = TOOLCHAIN.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap();
    let built = DOCKERFILE.lines().find_map(|line| line.strip_prefix("ARG RUST_VERSION=")).unwrap();

    assert_eq!(built, pinned.trim_matches('"'));
}

fn services(render: &Value) -> impl Iterator<Item = &Value> {
    render["services"].as_array().unwrap().iter()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn service<'a>(render: &'a Value, kind: &str) -> &'a Value {
    let services = render["services"].as_array().unwrap();
    services.iter().find(|service| service["type"] == kind).unwrap()
}

fn is_variable(name: &str) -> bool {
    Config::variables().iter().any(|variable| variable.name == name)
}

/// A command's words, written as a list or in one string.
fn words(command: &Value) -> Vec<String> {
    match command {
        Value::String(line) => line.split(' ').map(str::to_owned).collect(),
        list => serde_json::from_value(list.clone()).unwrap(),
    }
}
