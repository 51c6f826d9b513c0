//! Evidence, client histories and verdicts: did a committed write survive?

pub mod evidence;
pub mod verdict;

pub use evidence::{Event, Fact};
pub use verdict::{Class, Verdict, Violation};
