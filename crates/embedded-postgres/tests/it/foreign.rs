//! What is not ours, or not whole, or not of our version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use darkroom_embedded_postgres::{EmbeddedPostgres, Error};

use crate::support::{Place, ask};

fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
            found.insert(path, Vec::new());
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

#[tokio::test]
async fn a_foreign_cluster_is_left_alone() {
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    let foreign = Place::new();
    fs::rename(place.cluster(), foreign.data_dir()).unwrap();
    let before = contents(foreign.parent());

    let error = EmbeddedPostgres::start(foreign.settings()).await.unwrap_err();

    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert_eq!(contents(foreign.parent()), before);
}

#[tokio::test]
async fn an_interrupted_first_start_is_begun_again() {
    let place = Place::new();
    fs::create_dir_all(place.data_dir().join("cluster.new-half/base")).unwrap();
    fs::write(place.data_dir().join("cluster.new-half/PG_VERSION"), "15\n").unwrap();
    fs::write(place.data_dir().join("cluster.new-half.password"), "half").unwrap();
    fs::write(place.data_dir().join("password"), "ha").unwrap();
    fs::write(place.data_dir().join("darkroom.lock"), "").unwrap();

    let postgres = place.start().await;

    assert_eq!(ask(&postgres, "select 'whole'").await, "whole");
    assert!(!place.data_dir().join("cluster.new-half").exists());
    assert!(!place.data_dir().join("cluster.new-half.password").exists());
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_another_version_is_named_and_left_alone() {
    let place = Place::new();
    let postgres = place.start().await;
    let installed = postgres.version().to_owned();
    postgres.stop().await.unwrap();
    fs::write(place.cluster().join("PG_VERSION"), "8\n").unwrap();

    let error = EmbeddedPostgres::start(place.settings()).await.unwrap_err();

    let Error::OtherVersion { wanted, found, .. } = &error else { panic!("{error}") };
    assert_eq!((wanted.as_str(), found), ("8", &installed));
}
