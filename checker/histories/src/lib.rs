//! Judges client histories: is there an order of all operations that explains every answer?
//!
//! * [`format`], [`record`], [`judge`]: files of histories, their operations, the whole judgement.
//! * [`linearizability`]: a generic engine for any sequential [`model`], and a fast one for
//!   registers whose writes are unique.

#![forbid(unsafe_code)]

pub mod format;
pub mod judge;
pub mod linearizability;
pub mod model;
pub mod record;
