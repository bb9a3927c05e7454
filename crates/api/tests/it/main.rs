//! Tests of the API from outside: a real server on a free port, a real PostgreSQL, plain HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod addresses;
mod admin;
mod answer_headers;
mod app;
mod at_once;
mod attempts;
mod bad_upload;
mod cancel;
mod contract;
mod cors;
mod database_away;
mod deletion;
mod deliveries;
mod disk_full;
mod errors;
mod events;
mod health;
mod heartbeats;
mod idempotency;
mod image_url;
mod images;
mod jobs;
mod json_body;
mod keys;
mod large_answers;
mod large_images;
mod limits;
mod links;
mod listing;
mod metadata;
mod metrics;
mod missed;
mod notices;
mod openai;
mod options;
mod parameters;
mod progress;
mod prompts;
mod ranges;
mod raw;
mod replicas;
mod result_cache;
mod slow_clients;
mod slow_uploads;
mod statements;
mod thumbnails;
mod treatment;
mod versions;
mod watching;
mod wrong_request;
