//! Evidence, client histories and verdicts: did a committed write survive?
//!
//! * [`evidence`]: what servers, disks and clients observably did, one [`Event`] at a time.
//! * [`checker`]: judges a stream of events while it comes in. Its rules are in [`invariants`].
//! * [`history`]: what clients saw, in Jepsen's words; [`certificate`] judges it by itself, against
//!   the order of transactions that the servers claim.
//! * [`history_checker`], a crate by itself: judges client histories of any system without any such
//!   claim, and reads and writes files of them.
//! * [`verdict`]: valid, violation or unknown, and the classes of violations.
//!
//! The checker takes names from the core and no judgment: which zxid is greater is part of the
//! name; what a majority is, which history is the better one and what may follow what it decides
//! for itself.

#![forbid(unsafe_code)]

pub mod certificate;
pub mod checker;
mod clients;
pub mod custody;
pub mod detail;
mod digest;
mod disk;
mod ensemble;
pub mod evidence;
mod findings;
pub mod hazards;
pub mod history;
pub mod invariants;
mod locks;
pub mod loss;
mod reigns;
mod sequences;
mod updates;
pub mod verdict;

pub use checker::{Checker, Stakes};
pub use evidence::{Event, Fact, News};
pub use hazards::Standard;
pub use history::History;
pub use history_checker::{format, judge, linearizability, model, record};
pub use verdict::{Class, Verdict, Violation, When};
