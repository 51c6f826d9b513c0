//! A certificate for a client history: the total order of transactions that the servers claim
//! explains everything that clients saw.
//!
//! The search for a linearization is exponential, but Zab hands out the order: each update has its
//! zxid, each read the zxid of the last transaction that the answering server had applied. One
//! sweep over the history and one over the log decide whether that order is a witness. The claim
//! need not be trusted: values and real time are checked against it.
//!
//! | clause | condition |
//! |---|---|
//! | L1 | an update comes after every update that was answered before it was invoked |
//! | L2 | a linearizable read sees every update and linearizable read answered before it |
//! | L3 | an update comes after every linearizable read that was answered before it was invoked |
//! | V  | every answer is what the log, applied in order, gives at that position |
//! | S1 | within a session, positions never decrease, and an update is above all earlier ones |
//! | S3 | after a `sync`, a session sees every update that was answered before the `sync` |
//! | X1 | no request is in the log twice; answered updates are in it, refused ones are not |
//! | X2 | no read shows an update that is invoked later |
//!
//! `sync` is not an operation of the quorum in ZooKeeper: a leader that is deposed and has not
//! noticed answers it from a stale state. Hence the two [`Contract`]s.

mod log;
mod order;

pub use history_checker::judge::Contract;

use crate::history::History;
use std::fmt;
use zab_core::Txn;

/// A clause of the certificate.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clause {
    /// Updates are linearizable.
    L1,
    /// A linearizable read sees what was answered before.
    L2,
    /// An update comes after linearizable reads answered before.
    L3,
    /// Values are those of the log.
    V,
    /// Session order.
    S1,
    /// Reads after `sync`.
    S3,
    /// Exactly once.
    X1,
    /// No read of the future.
    X2,
}

/// A clause that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Anomaly {
    /// The clause.
    pub clause: Clause,
    /// The operation, by its place in [`History::operations`], if it is about one.
    pub operation: Option<usize>,
    /// What is wrong, in one sentence.
    pub what: String,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.clause, self.what)
    }
}

/// Every clause that does not hold for this history and the committed transactions, in order.
/// Empty if the order of `log` explains the history.
pub fn certify(history: &History, log: &[Txn], contract: Contract) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    let index = log::Index::new(history, log, &mut anomalies);
    if !log.is_sorted_by(|a, b| a.zxid < b.zxid) {
        // No order of transactions, so nothing that the answers could be compared with.
        return anomalies;
    }
    log::check_answers(history, log, &index, &mut anomalies);
    order::check(history, &index, contract, &mut anomalies);
    anomalies
}
