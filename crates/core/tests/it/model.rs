//! The queue's protocol as a model, and every state that it can come to.
//!
//! A state is the database's rows, what each worker holds in memory, and what fal has of each attempt
//! (`state`). Each statement of `core::queue` is one step on the rows (`statements`); what a worker, fal
//! or a caller may do next is in `moves`, and `action` says which line of the code each step stands for.
//! `explorer` visits all states, and `properties` says what must hold in each. `proofs` finds nothing broken;
//! `counterproofs` takes away one care after the other, and finds what it is there for.
//!
//! The sizes are small (one or two jobs, two workers that live, two attempts), and nothing is left out
//! within them: workers die, are slow and are replaced as often as the model likes.
//!
//! What is taken for granted:
//! - A statement of the database is done whole or not at all. So is a transaction, because it locks first
//!   what it looks at; where that is not so, the step has two halves.
//! - A submission of which fal's client says `NotAccepted` never arrives. All others may, at any time.
//! - fal's word is true: what it says has ended has, and its list shows no request that is not there.
//! - Time is whatever it likes: a row that rests, a deadline, a beat that is late and the patience with an
//!   unknown submission may each be over at any moment.
//! - That every job ends takes fairness: a step that is possible again and again is taken at last; there
//!   is always a worker to come that lives; and the beat of a dead one is late at last. It takes nothing
//!   else: no webhook, no deadline, no caller, and nobody who comes back.
//!
//! Not in the model: pictures and results, halts, pauses, the order of jobs, deletion, and a job that is
//! enqueued later, which is one that nobody claims before.

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
