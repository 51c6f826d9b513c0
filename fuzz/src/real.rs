//! The real server: so far [`jute`], its encoding.

pub mod jute;
