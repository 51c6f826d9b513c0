//! The simulated world for `zab-core`: disks, network, clients, fault schedules and the drivers.
//!
//! A [`Schedule`] says what shall happen; [`Booted::run`] lets it happen to an ensemble and tells
//! an [`Observer`] what could be observed. The same schedule always yields the same evidence.
//!
//! | module | what |
//! |---|---|
//! | [`schedule`] | the language of actions, and its two encodings |
//! | [`run`] | one execution: boot, chaos, heal, liveness, final reads |
//! | [`driver`] | what an execution needs of whatever runs the simulation |
//! | [`ensemble`] | an ensemble that has booted, in any driver |
//! | [`direct`] | the direct driver: a queue over virtual time |
//! | [`explore`] | every order of every event, within bounds |
//! | `faults`, `sessions` | what each action of a schedule does, and what clients do, in any driver |
//! | `backend` | what these two need of a driver |
//! | `cluster`, `machine` | what faults act on: machines with power, disk, clock and stalls; links |
//! | [`world`] | the world of the direct driver: where events take effect |
//! | `turmoil` | the turmoil driver: hosts, sockets, ticks; behind the feature of that name |
//! | `shell` | a server with sockets and tasks, on simulated or real ones; likewise |
//! | [`due`] | what can happen next, as values |
//! | [`disk`] | what is durable, and what crashes leave |
//! | `network` | connections that lose suffixes, and election mailboxes |
//! | [`client`] | sessions, their operations and time-outs |
//! | `observe` | which outputs of servers are evidence |
//! | [`passage`] | what becomes of packets and requests on their way, for pictures |
//! | [`keyed`] | randomness by identity |
//! | [`trace`] | evidence as text and as a hash |

#![forbid(unsafe_code)]

mod backend;
pub mod client;
mod cluster;
pub mod direct;
pub mod disk;
pub mod driver;
pub mod due;
pub mod ensemble;
pub mod explore;
mod faults;
pub mod keyed;
mod lockers;
mod machine;
mod network;
mod observe;
pub mod passage;
pub mod run;
pub mod schedule;
mod sessions;
#[cfg(feature = "turmoil")]
pub mod shell;
pub mod trace;
#[cfg(feature = "turmoil")]
pub mod turmoil;
pub mod world;

pub use direct::Direct;
pub use disk::SimDisk;
pub use driver::Driver;
pub use due::{Due, Effects, Later};
pub use ensemble::{DriverKind, Ensemble};
pub use run::{Booted, Observer, Run};
pub use schedule::{Act, Action, Schedule};
pub use trace::{TextTrace, TraceHash};
pub use world::World;
