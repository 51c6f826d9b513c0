//! Every order of every event, within bounds: the answer that no number of executions gives.
//!
//! An execution takes what falls due in the order of time. An exploration takes, in each state,
//! everything that may happen next, one after the other, over the same [`World`](crate::World) and
//! before the same [`Checker`](zab_checker::Checker), breadth first: what it finds is shortest, and
//! where it finds nothing and comes to an end, nothing is left within its [`Bounds`].
//!
//! Time stands still. Whatever is on the way may arrive now or after anything else, a disk completes
//! when it likes, and a connection or a leader is given up because somebody chooses that. Two states
//! are one if they differ only in numbers and times ([`canonical`](zab_core::canonical)) and if the
//! checker has seen the same ([`Checker`](zab_checker::Checker) has a canonical form as well): each is
//! met once and kept as a hash and as the step that led to it.
//!
//! # What is reduced, and why that is allowed
//!
//! Not every order is tried. What is left out, and why nothing is lost by that, is a list of its own
//! ([`reductions`]), which every result names.
//!
//! | file | what |
//! |---|---|
//! | `bounds.rs` | how much may happen, and whose turns are chosen |
//! | `setting.rs`, `start.rs` | what is explored, and from where on |
//! | `choice.rs` | one step, in a form that can be stored and replayed |
//! | `state.rs`, `begin.rs`, `enabled.rs` | a state, what happens to it, and what may happen next |
//! | `rest.rs` | what becomes of a state in which nothing happens by itself: healed, and judged |
//! | `sink.rs` | states as hashes and as texts |
//! | `levels.rs` | the states met so far, level by level, and how to get to each |
//! | `search.rs` | the search itself, on any number of threads |
//! | `order.rs` | which of two orders is enough |
//! | `reductions.rs` | what is left out, and why |

mod begin;
mod bounds;
mod choice;
mod enabled;
mod levels;
#[cfg(test)]
mod mutants;
mod order;
mod reductions;
mod rest;
mod search;
mod setting;
mod sink;
mod start;
mod state;
#[cfg(test)]
mod tests;

pub use bounds::{Bounds, Free};
pub use choice::{Choice, OnDisk, Thread};
pub use reductions::{Reduction, reductions};
pub use search::{End, Found, Limits, Progress, Report, search};
pub use setting::{Replay, Setting};

/// Bytes of a world in memory, measured with three servers.
pub const WORLD_BYTES: usize = 20_000;

/// Bytes of a state that was met: 16 are its hash and the step that led to it, the rest is what tables
/// need to grow, and the level that is being made.
pub const STATE_BYTES: usize = 40;
