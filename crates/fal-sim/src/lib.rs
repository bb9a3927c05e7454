//! A stand-in for fal.ai's queue: the same protocol over HTTP, and edits one can see.
//!
//! [`start`] serves every path family of fal on one address: the queue
//! (`/{owner}/{app}/...`), the two-step upload (`/storage/upload/initiate`) and the media
//! (`/files/...`). A request waits for a free slot of the account, runs for
//! [`Settings::latency`], and answers with a print of the input picture: graded, framed and
//! captioned with its prompt, the same for the same picture, prompt and seed.
//!
//! `GET /_sim/requests` is the ledger: what was asked for, billed and fetched.
//!
//! It is written from fal's documentation alone and shares no code with a client of fal, so
//! that a misreading in one does not hide in the other.

mod address;
mod answer;
mod authorization;
mod cancel;
mod clock;
mod edit;
mod fetch;
mod files;
mod ledger;
mod media;
mod model;
mod model_input;
mod model_output;
mod output_size;
mod picture;
mod problem;
mod requests;
mod result;
mod routes;
mod run;
mod seed;
mod server;
mod settings;
mod status;
mod submit;
mod upload;

pub use server::{Running, start};
pub use settings::Settings;
