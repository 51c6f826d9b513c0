//! The real server as the last judge: what the model loses is carried out on Java.
//!
//! - [`jute`] is ZooKeeper's encoding: what servers say to each other and leave on their disks.
//! - An [`Ensemble`] is real servers on loopback, and the verbs that are done to them. A gate that is
//!   preloaded into each server (`fuzz/gate`) asks before every file operation; a proxy between
//!   each two servers reads every packet.
//! - A [`Scenario`] is a file of such verbs, with a claim at its end; [`play`] carries one out.
//! - [`translate`] makes a stored case into a scenario, event by event, and finds its control.
//! - [`record`] has clients work on an ensemble under faults, and writes down what they were told.
//!
//! What a run waits for is an observed state: a record in a log file, a packet at a proxy, a role
//! that a server says it has. Time only limits how long it is waited for.
//!
//! All but [`jute`] needs Linux and glibc, which `build.rs` calls `lab`.

pub mod jute;
pub mod translate;

#[cfg(lab)]
mod board;
#[cfg(lab)]
mod client;
#[cfg(lab)]
mod disk;
#[cfg(lab)]
mod ensemble;
#[cfg(lab)]
mod gate;
#[cfg(lab)]
mod history;
#[cfg(lab)]
mod java;
#[cfg(lab)]
mod link;
#[cfg(lab)]
mod matter;
#[cfg(lab)]
mod nemesis;
#[cfg(lab)]
pub mod play;
#[cfg(lab)]
mod ports;
#[cfg(lab)]
pub mod record;
#[cfg(lab)]
mod scenario;
#[cfg(lab)]
mod server;

#[cfg(lab)]
pub use client::Answer;
#[cfg(lab)]
pub use disk::Journaled;
#[cfg(lab)]
pub use ensemble::{Condition, Ensemble, HISTORY, Outcome, Setup, Trouble};
#[cfg(lab)]
pub use java::Java;
#[cfg(lab)]
pub use link::Fate;
#[cfg(lab)]
pub use matter::{Files, Message, Messages, Operation, Way};
#[cfg(lab)]
pub use nemesis::Timeline;
#[cfg(lab)]
pub use scenario::{Claim, Error, Part, Scenario, Step, Verb};
#[cfg(lab)]
pub use server::Role;
