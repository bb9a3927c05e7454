//! The queue's protocol as a model, and every state that it can reach.
//!
//! A state is the database's rows, what each worker holds in memory, and what fal has of each attempt
//! (`state`). Each statement of `core::queue` is one step on the rows (`statements`); what a worker, fal
//! or a caller may do next is in `moves`, and `action` says which line of the code each step stands for.
//! `explorer` visits all states, and `properties` says what must hold in each. `proofs` finds nothing broken;
//! `counterproofs` removes one safeguard of the code at a time, and finds what breaks without it.
//!
//! The sizes are small (one or two jobs, two workers that live, two attempts), and within them nothing is left
//! out: workers die, are slow and are replaced any number of times.
//!
//! Assumptions:
//! - A statement is done as a whole or not at all. So is a transaction, because it first locks what it looks
//!   at; where that is not so, the step has two halves.
//! - A submission of which fal's client says `NotAccepted` never arrives. All others may, at any time.
//! - fal tells the truth: what it says has ended has, and its list shows no request that does not exist.
//! - Time may pass at any moment: a row's rest, a deadline, the time for a beat and the patience with an
//!   unknown submission may each end at any step.
//! - That every job ends needs fairness: a step that is possible again and again is taken at last, there
//!   is always another living worker to come, and the beat of a dead one is found late at last. It needs nothing
//!   else: no webhook, no deadline, no caller, and no worker that comes back.
//!
//! Not in the model: pictures and results, halts, pauses, the order of jobs, deletion, and a job that is
//! enqueued later, because that is like one that nobody claims for a while.

mod action;
mod counterproofs;
mod explorer;
mod mixer;
mod moves;
mod proofs;
mod properties;
mod rules;
mod state;
mod statements;
mod symmetry;
mod trace;
