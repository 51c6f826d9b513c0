//! A gate in front of a server's files, preloaded with `LD_PRELOAD` (Linux, glibc).
//!
//! The Java virtual machine reaches files and sockets through symbols of the C library, which a
//! preloaded library may replace. This one asks before each file operation in one folder whether it
//! may happen, says afterwards that it did, and sends outgoing connections to other ports, so that
//! whoever holds the other end decides when a record reaches the disk, which file operation fails,
//! and what passes between two servers, without a change to the server.
//!
//! # Environment
//!
//! | variable | meaning |
//! |---|---|
//! | `ZAB_GATE_SOCKET` | Unix stream socket of the other end; without it every call passes |
//! | `ZAB_GATE_FOLDER` | operations on files whose path begins with this are asked about |
//! | `ZAB_GATE_PORTS` | `from:to,from:to`: an IPv4 connection to port `from` goes to port `to` |
//!
//! # Protocol
//!
//! Each thread that touches a file has a connection of its own, and at most one question on it:
//!
//! ```text
//! ask|did <TAB> pid <TAB> tid <TAB> operation <TAB> number <TAB> path [<TAB> new path] <NL>
//! ```
//!
//! and continues when it has got one byte. After `ask` the byte 0 lets the call happen, and any other
//! is the `errno` that it fails with, undone. After `did` the byte means nothing; `number` is what the
//! call returned, or `-errno`. Operations are `open` (for writing), `write`, `fsync`, `truncate`,
//! `rename` and `remove`; the number in `ask` is a count of bytes, a length, or the flags of `open`.
//!
//! One more connection begins with `control <TAB> pid <NL>`. What comes back on it are lines of a
//! thread's number and a signal's, separated by a space; the thread gets the signal. One that gets
//! signal 45 says `ask … stop` on a fresh connection, and sleeps until it has got its byte. When the
//! control connection ends, or cannot be made, nobody is left who could let anything happen, and the
//! process ends itself: no server outlives the program that started it, however that one ended.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod ask;
mod c;
mod calls;
mod control;

/// Runs before `main` of the process that this is loaded into.
#[unsafe(link_section = ".init_array")]
#[used]
static START: extern "C" fn() = control::start;
