//! Judges client histories of distributed systems: is there an order of all operations that
//! explains every answer, and if not, which operation has no place?
//!
//! # The plain question
//!
//! A history is a list of [`Call`]s on an object that a [`Model`] describes. The one door is
//! [`is_linearizable`]; [`check`] is the same with a budget of one's own, and says where every order
//! came to an end.
//!
//! ```
//! use history_checker::model::register::{Op, Register, Value};
//! use history_checker::{Call, Verdict, is_linearizable};
//!
//! let call = |process, invoked, returned, op| Call { process, invoked, returned, op };
//! let mut calls = vec![
//!     call(0, 0, 3, Op::Write(Value(1))),
//!     call(1, 1, 2, Op::Read(Some(Value(1)))),
//! ];
//! assert_eq!(is_linearizable(&Register::default(), &calls), Verdict::Valid);
//! // The value was there, and a read that began later does not see it.
//! calls.push(call(2, 4, 5, Op::Read(Some(Value::NIL))));
//! assert_eq!(is_linearizable(&Register::default(), &calls), Verdict::Violation);
//! ```
//!
//! # A file of Jepsen's
//!
//! [`record`] reads files, [`judge`] picks the engine for each part and explains what is wrong:
//!
//! ```
//! use history_checker::judge::{self, Settings};
//! use history_checker::record::{self, Dialect, Registers};
//!
//! let file = "{:process 0, :type :invoke, :f :write, :value 1}
//!             {:process 0, :type :ok, :f :write, :value 1}
//!             {:process 1, :type :invoke, :f :read, :value nil}
//!             {:process 1, :type :ok, :f :read, :value nil}";
//! let recorded = record::read(file.as_bytes(), Registers(Dialect::CasRegister))?;
//! let report = judge::registers(&recorded, &Settings::default());
//! let violation = report.violations().next().expect("the read is stale");
//! assert_eq!(
//!     violation.sentence,
//!     "the read by p1 began after write 1 by p0 was acknowledged, yet returned nil, and nil was \
//!      there at first"
//! );
//! # Ok::<(), history_checker::format::Error>(())
//! ```
//!
//! # What is where
//!
//! * [`mod@format`]: files, and the page that teaches their formats, [`format::GUIDE`].
//! * [`record`]: from lines to operations; refused is what no clients could have seen.
//! * [`judge`]: the whole judgment: registers, lists, locks, and ZooKeeper's znodes.
//! * [`linearizability`]: the engines: a generic one for any [`model`], and linear ones for
//!   registers and lists whose values are unique.
//!
//! # What is stable
//!
//! The formats, the names of clauses and verdicts, and what this page uses: [`Call`], [`Model`],
//! [`Budget`], [`Outcome`], [`check`], [`is_linearizable`], `record::read` and `judge::*`. New
//! fields may be added to reports, and methods with a default to [`Model`]. The engines may change
//! with any release, and with them what is undecided; a verdict that was reached does not change.

#![forbid(unsafe_code)]

/// The example of the README is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub mod format;
pub mod judge;
pub mod linearizability;
pub mod model;
pub mod record;

pub use judge::Verdict;
pub use linearizability::{Budget, Call, NEVER, Outcome, check};
pub use model::Model;

/// Whether a history is linearizable: [`Verdict::Unknown`] if the default [`Budget`] does not
/// suffice to tell.
///
/// # Panics
///
/// If an operation returns before it is invoked.
pub fn is_linearizable<M: Model>(model: &M, calls: &[Call<M::Op>]) -> Verdict {
    match check(model, calls, &Budget::default()) {
        Outcome::Linearizable => Verdict::Valid,
        Outcome::NotLinearizable(_) => Verdict::Violation,
        Outcome::Unknown(_) => Verdict::Unknown,
    }
}
