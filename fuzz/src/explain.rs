//! Shows an execution to a person: as text, and as the tables that bug reports are written with.
//!
//! Both are told from what was observed and from nothing else. [`mirror`] keeps what is durable at
//! each server, [`story`] picks the steps that matter and puts them into words, [`text`] and
//! [`table`] print them.

pub mod mirror;
pub mod story;
pub mod table;
pub mod text;

pub use story::Story;
