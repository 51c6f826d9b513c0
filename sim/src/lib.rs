//! The simulated world for `zab-core`: disks, network, clients, fault schedules and the drivers.
#![allow(missing_docs, reason = "interface draft")]

pub mod schedule;

pub use schedule::{Act, Action, Schedule};
