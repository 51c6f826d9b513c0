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

macro_rules! lab {
    ($($item:item)*) => { $(#[cfg(lab)] $item)* };
}

lab! {
    mod board;
    mod client;
    mod disk;
    mod ensemble;
    mod gate;
    mod history;
    mod java;
    mod link;
    mod matter;
    mod nemesis;
    pub mod play;
    mod ports;
    pub mod record;
    mod scenario;
    mod server;

    pub use client::Answer;
    pub use ensemble::{Condition, Ensemble, Outcome, Setup, Trouble};
    pub use java::Java;
    pub use link::Fate;
    pub use nemesis::Timeline;
    pub use matter::{Files, Message, Messages, Operation, Way};
    pub use scenario::{Claim, Error, Part, Scenario, Step, Verb};
    pub use server::Role;
}
