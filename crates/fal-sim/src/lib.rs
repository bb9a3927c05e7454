//! A stand-in for fal.ai's queue: the same protocol over HTTP, and edits one can see.
//!
//! [`start`] serves every path family of fal on one address: the queue
//! (`/{owner}/{app}/...`) with its status stream, direct runs (a submission whose `Host` is
//! `fal.run`), uploads in two steps (`/storage/upload/initiate`), with a token
//! (`/storage/auth/token`) and in parts, the media (`/files/...`), the platform's list of finished
//! requests (`/v1/models/requests/by-endpoint`) and the keys of its webhooks
//! (`/.well-known/jwks.json`). A request waits for a free slot of the account, runs for
//! [`Settings::latency`], and results in a print of the input picture: graded, framed and
//! captioned with its prompt. The same picture, prompt and seed give the same print.
//!
//! `GET /_sim/requests` is the ledger: each request's input and key, the fields of the input that
//! the model does not document, what it cost, and how often its result was fetched.
//!
//! With [`Settings::state`] requests and files survive a restart. A queued request that was
//! running then runs again from its start.
//!
//! # Faults
//!
//! `PUT /_sim/faults` replaces the faults that are set, `GET` shows them with how often each has
//! struck, and `DELETE` removes them.
//!
//! ```json
//! {"seed": 7, "faults": [
//!   {"at": "submit", "status": 429, "rate": 0.1, "headers": {"Retry-After": "3"}},
//!   {"at": "submit", "reset": "after", "next": 1},
//!   {"at": "result", "status": 504, "shape": "nginx", "next": 2},
//!   {"at": "run", "endpoint": "fal-ai/nano-banana/edit", "error_type": "content_policy_violation"},
//!   {"at": "run", "latency": {"log_normal": {"median": 8, "sigma": 0.5}}},
//!   {"at": "webhook", "delivery": "forged"}
//! ]}
//! ```
//!
//! `at` is a call (`token`, `initiate`, `upload`, `submit`, `status`, `stream`, `result`, `cancel`,
//! `history`, `download`), `run` for how a request itself runs and ends, or `webhook`. `rate`
//! (0 to 1), `next` (the number of strikes, after which there are no more) and `endpoint` narrow
//! a fault down. What goes wrong is one of these, with or without a `latency`:
//!
//! - another answer: `error_type` (any of fal's tables) or `status`; optionally `shape` (`model`,
//!   `request`, `plain`, `not_found`, `nginx`, `empty`), `detail` and `headers`. With `processed`
//!   the call is carried out all the same; `billed_units` bills a failed run.
//! - `reset` of a call's connection: `before` the call is read, `after` it is carried out, or
//!   `midway` in the answer.
//! - `bytes_per_second` of an answer's body.
//! - `requeue` of a run: it goes back to the queue for this many seconds, then starts again.
//! - `nsfw` of a run: the safety checker replaces the pictures by black ones, and the output says
//!   so in `has_nsfw_concepts` where the model has that field.
//! - `null` or `absent`: fields of a run's output pictures that are null, or missing.
//! - `delivery` of a webhook: `duplicate`, `missing`, `forged`, `stale`, `no_payload`.
//! - `ignored`, of a cancellation: the request runs on and is billed.
//!
//! A `latency` is `fixed` seconds, `uniform` between two, `exponential` with a mean, or
//! `log_normal`. For a run it replaces [`Settings::latency`].
//!
//! # Where it comes from
//!
//! It is written from fal's documentation, and where that is silent from what fal's own clients
//! send: the paths of uploads in parts, and the values of some models' fields. It shares no code
//! with a client of fal, so that a misreading in one does not hide in the other. `conformance/`
//! runs fal's own clients against it.

mod address;
mod answer;
mod authorization;
mod cancel;
mod clock;
mod deadline;
mod edit;
mod faults;
mod fetch;
mod files;
mod history;
mod ledger;
mod media;
mod model;
mod picture;
mod problem;
mod requests;
mod result;
mod routes;
mod run;
mod server;
mod settings;
mod state;
mod status;
mod stream;
mod submit;
mod tls;
mod upload;
mod webhook;

pub use server::{Running, start};
pub use settings::{Retention, Settings};
pub use tls::Tls;
