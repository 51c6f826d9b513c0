//! Shows an execution to a person: as text, and as the tables that bug reports are written with.
//!
//! Both are told from what was observed, and what they say of disks and memories the checker says:
//! it is fed the same events, and the story and the verdict cannot disagree. [`story`] picks the
//! steps that matter and puts them into words, [`finding`] gathers what the verdict rests on;
//! [`text`], [`table`] and [`boxed`] print them, [`picture`] draws them, [`ticket`] is the text of a bug
//! report, [`junit`] a test in Java, [`json`] is the same for programs, and [`trace`] is every event.

pub mod boxed;
mod claims;
mod conduct;
mod faults;
pub mod finding;
mod fold;
mod grid;
pub mod json;
pub mod junit;
mod passages;
pub mod picture;
pub mod story;
pub mod table;
pub mod text;
pub mod ticket;
pub mod trace;

pub use finding::Finding;
pub use story::Story;
