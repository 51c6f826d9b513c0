//! Zab as Apache ZooKeeper implements it, as a state machine without clock, IO or threads.

mod committer;
pub mod config;
mod durable;
mod election;
pub mod event;
mod follower;
pub mod ids;
mod leader;
mod log_writer;
mod memory;
pub mod message;
pub mod node;
mod quorum;
mod server;
mod stopping;
mod text;
pub mod txn;
pub mod variant;
pub mod view;

pub use config::Config;
pub use event::{Actor, DiskOp, File, Input, Output, Recovered};
pub use ids::{ConnId, Epoch, Lsn, Micros, NodeId, RequestId, SessionId, Zxid};
pub use message::{Notification, Packet};
pub use node::Node;
pub use txn::{Change, Digest, Key, Op, Outcome, Replica, Txn};
pub use variant::Variant;
pub use view::{Phase, View};
