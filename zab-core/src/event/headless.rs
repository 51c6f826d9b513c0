//! Files of the log that do not begin as they should.

use crate::ids::Zxid;

/// A file of the log without a header, as a power loss leaves one whose name is durable and whose contents
/// are not, and a disk that had no room for them.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Headless {
    /// What it is named after: the record that was to begin it.
    pub name: Zxid,
    /// What is in it.
    pub contents: NoHeader,
}

/// What is in a file of the log instead of a header.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoHeader {
    /// Not a byte.
    Nothing,
    /// Zeros, as many as were preallocated.
    Zeros,
}
