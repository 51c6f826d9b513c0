//! A server as one would run it: sockets, frames, queues, deadlines, and one task that owns the
//! node.
//!
//! Nothing here is simulated. [`Net`] says where connections come from and [`Platform`] what
//! the process runs on: its clock, its disk, its scheduler. With [`loopback::Loopback`] and
//! [`directory::Directory`] the shell runs on real sockets and real files; the turmoil driver runs
//! the same code on simulated ones.
//!
//! ```text
//!   listener ──┐                      ┌── Node::step ── outputs ──┐
//!   connections├── bounded inbox ──▶ owner                        ├─▶ bounded outboxes, disk
//!   disk       ┘                      └── agenda: timers, turns ──┘
//! ```
//!
//! Only the owner touches the node. All other tasks read or write: a packet goes from a socket
//! into the inbox, an answer from an outbox into a socket. A full inbox stops readers, which stops
//! TCP, which fills the outbox of the peer, whose connection is then given up. Whatever can hang
//! has a deadline ([`limits::Limits`]).
//!
//! | file | what |
//! |---|---|
//! | `codec.rs` | what travels in a frame, as bytes |
//! | `frames.rs` | frames on a stream |
//! | `net.rs`, `platform.rs` | what a shell needs from its surroundings |
//! | `owner.rs` | the task that owns the node |
//! | `agenda.rs` | what the owner has to do later |
//! | `connection.rs` | one connection of any kind, after its hello |
//! | `post.rs` | notifications of leader election to one peer |
//! | `client.rs` | the client's end |
//! | `loopback.rs`, `directory.rs` | real sockets, real files |

pub mod agenda;
pub mod client;
pub mod codec;
mod connection;
pub mod directory;
pub mod event;
pub mod frames;
pub mod limits;
pub mod loopback;
pub mod net;
pub mod owner;
pub mod platform;
mod post;
#[cfg(test)]
mod tests;

pub use event::Event;
pub use net::{Net, Stream};
pub use owner::serve;
pub use platform::Platform;
