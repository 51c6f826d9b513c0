//! Zab as Apache ZooKeeper implements it, as a state machine without clock, IO or threads.

pub mod config;
pub mod event;
pub mod ids;
pub mod message;
pub mod txn;
pub mod variant;

pub use config::Config;
pub use event::{Actor, DiskOp, File, Input, Output, Recovered};
pub use ids::{ConnId, Epoch, Lsn, Micros, NodeId, RequestId, SessionId, Zxid};
pub use message::{Notification, Packet};
pub use txn::{Change, Digest, Key, Op, Outcome, Replica, Txn};
pub use variant::Variant;
