//! Zab as Apache ZooKeeper implements it, as a state machine without clock, IO or threads.
//!
//! # The protocol in one page
//!
//! ```text
//!             election            discovery             synchronization          broadcast
//!
//! follower    notifications   FOLLOWERINFO  ACKEPOCH        ACK(<e, 0>)          ACK(z)  REQUEST
//!                 |   ^            |      ^    |                ^    |               ^   |
//!                 v   |            v      |    v                |    v               |   v
//! leader      notifications       LEADERINFO(e)   DIFF | TRUNC | SNAP        PROPOSAL(z) COMMIT(z)
//!                                                 PROPOSAL COMMIT …                   SYNC
//!                                                 NEWLEADER(e)  UPTODATE
//! ```
//!
//! * **Election**: servers exchange votes until a quorum agrees on the one with the greatest
//!   (epoch, zxid, id). Votes are made from memory, not from disk.
//! * **Discovery**: the leader collects `acceptedEpoch` of a quorum, proposes an epoch above all of
//!   them, and a quorum promises it. What the leader holds then is the *initial history*.
//! * **Synchronization**: each learner gets the difference to that history, then NEWLEADER. Its
//!   acknowledgement says: all of it is on my disk. A quorum of them *establishes* the epoch.
//! * **Broadcast**: a proposal is committed when a quorum has it on disk, the leader's own disk
//!   being only one of them.
//!
//! # How it is driven
//!
//! Through [`Node::step`] only: one [`Input`] in, [`Output`]s out. What ZooKeeper does in threads
//! of their own are [`Actor`]s, which say when they have work and get their turn when the driver
//! likes; what it writes to disk is asked for and reported later. Every bug that this suite is
//! about lies in the order in which these happened.
//!
//! | file | what |
//! |---|---|
//! | `node.rs` | hands each input to whoever it is for, and changes roles |
//! | `server.rs` | what a server is apart from its role |
//! | `election.rs` | fast leader election |
//! | `leader.rs`, `leader/` | a leader: handlers of its learners, one file a phase |
//! | `follower.rs`, `follower/` | a follower: its receiver and what that still has to do |
//! | `log_writer.rs`, `committer.rs` | the two actors that every role has |
//! | `stopping.rs` | the way from a role back to the election, in process |
//! | `durable.rs`, `memory.rs` | what survives the process, and what only survives the role |
//! | `invariants.rs`, `*/invariants.rs` | what holds after every step, checked by the core itself |
//! | `locks.rs`, `connections.rs`, `leader/sessions.rs` | sessions and the nodes of a lock: replicated; at the server of a client; at the leader |
//! | `variant.rs`, `variant/` | historical defects as data |
//! | `canonical.rs`, `*/canonical.rs` | what of a state makes a difference to what can happen next |
//! | `event.rs`, `message.rs`, `txn.rs`, `ids.rs`, `time.rs` | the words all of this is said in |

#![forbid(unsafe_code)]

pub mod canonical;
mod committer;
pub mod config;
mod connections;
mod durable;
mod election;
pub mod event;
mod follower;
pub mod ids;
mod invariants;
mod leader;
pub mod locks;
mod log_writer;
mod memory;
pub mod message;
pub mod node;
mod quorum;
mod server;
mod stopping;
mod text;
pub mod time;
pub mod txn;
pub mod variant;
pub mod view;

pub use config::Config;
pub use durable::log_files;
pub use event::{
    Actor, DiskError, DiskOp, File, Headless, Input, NoHeader, Output, Purge, Recovered,
};
pub use ids::{ConnId, Epoch, Lsn, NodeId, RequestId, SessionId, Zxid};
pub use locks::{LockNode, Locks, SessionError};
pub use message::{Notification, Packet};
pub use node::Node;
pub use time::{Span, Time};
pub use txn::{Change, Digest, Key, Op, Outcome, Replica, Txn};
pub use variant::Variant;
pub use view::{Phase, View};
