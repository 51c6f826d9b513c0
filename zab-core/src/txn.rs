//! Transactions, client operations and the replicated state they act on.
//!
//! ZooKeeper's DataTree is reduced to a small array of versioned registers: `setData` with and
//! without a version, `getData` and `sync` keep their meaning, everything else is left out.

use crate::ids::{RequestId, Zxid};
use std::fmt;

/// How many registers (znodes) there are.
pub const KEYS: usize = 5;

/// A register, counted from 0 to [`KEYS`] − 1.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u8);

impl Key {
    /// This key as an index; any byte is a valid key.
    pub const fn index(self) -> usize {
        self.0 as usize % KEYS
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.index())
    }
}

/// What a client asks of a server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `setData(key, value, -1)`.
    Write {
        /// The register.
        key: Key,
        /// The new value; workloads write every value once only.
        value: u32,
    },
    /// `setData(key, value, version)`: applies only at that version.
    WriteIf {
        /// The register.
        key: Key,
        /// The new value.
        value: u32,
        /// The version that the register must have.
        version: u32,
    },
    /// `getData(key)`, answered by the server that is asked, from its own memory.
    Read {
        /// The register.
        key: Key,
    },
    /// `sync`: the server answers once it has applied all that its leader had committed.
    Sync,
}

/// The effect of a transaction, decided by the leader when it proposes (ZooKeeper's `TxnHeader` + record).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The register takes this value and this version.
    Set {
        /// The register.
        key: Key,
        /// Its new value.
        value: u32,
        /// Its new version.
        version: u32,
    },
    /// A conditional write whose version did not match: it takes a zxid and changes nothing
    /// (`ErrorTxn` with BADVERSION).
    Rejected,
}

/// A transaction ⟨v, z⟩ as it is proposed, logged and delivered.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txn {
    /// Its place in the total order.
    pub zxid: Zxid,
    /// The client request that it carries out.
    pub request: RequestId,
    /// What it does.
    pub change: Change,
}

impl fmt::Display for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.change {
            Change::Set { key, value, .. } => write!(f, "{} {key}={value}", self.zxid),
            Change::Rejected => write!(f, "{} rejected", self.zxid),
        }
    }
}

/// What a client is told.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The write was committed and applied at the answering server.
    Written {
        /// The transaction's place in the total order.
        zxid: Zxid,
        /// The register's version after it.
        version: u32,
    },
    /// The conditional write was committed as a rejection.
    BadVersion {
        /// The rejection's place in the total order.
        zxid: Zxid,
    },
    /// The register's contents.
    Value {
        /// The value read; 0 if it was never written.
        value: u32,
        /// The version read.
        version: u32,
        /// The zxid of the last transaction that this server had applied.
        position: Zxid,
    },
    /// The `sync` is complete.
    Synced {
        /// The zxid of the last transaction that this server had applied.
        position: Zxid,
    },
    /// The server does not serve clients now, or has seen less than the session already has.
    /// The operation was not and will never be carried out.
    Refused,
}

/// One versioned register.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Register {
    /// Last value written; 0 if none.
    pub value: u32,
    /// How often it was written.
    pub version: u32,
}

/// Identity of a sequence of transactions: equal sequences, equal digests (compare ZOOKEEPER-3114).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of the empty sequence.
    pub const EMPTY: Self = Self(0);

    /// The digest of this sequence with `txn` appended.
    pub fn then(self, txn: &Txn) -> Self {
        let (tag, value) = match txn.change {
            Change::Set { key, value, version } => {
                (1 + key.index() as u64, u64::from(value) << 32 | u64::from(version))
            }
            Change::Rejected => (0, 0),
        };
        let zxid = u64::from(txn.zxid.epoch.0) << 32 | u64::from(txn.zxid.counter);
        let request = u64::from(txn.request.session.0) << 32 | u64::from(txn.request.cxid);
        Self([zxid, request, tag, value].into_iter().fold(self.0, mix))
    }
}

/// One round of a multiply-and-fold mixer (splitmix64's finalizer).
const fn mix(state: u64, word: u64) -> u64 {
    let mut x = state ^ word.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_add(state << 6);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The state that a sequence of transactions leads to: ZooKeeper's DataTree, and the contents of
/// a snapshot.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Replica {
    /// `lastProcessedZxid`: the last transaction applied, or ⟨e, 0⟩ at a leader established in e.
    pub last_processed: Zxid,
    /// Which sequence of transactions led here.
    pub digest: Digest,
    /// The registers.
    pub registers: [Register; KEYS],
}

impl Replica {
    /// Applies `txn` after everything applied so far. Order is the caller's business.
    pub fn apply(&mut self, txn: &Txn) {
        if let Change::Set { key, value, version } = txn.change {
            self.registers[key.index()] = Register { value, version };
        }
        self.last_processed = txn.zxid;
        self.digest = self.digest.then(txn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SessionId;

    #[test]
    fn any_byte_names_a_register() {
        let indices: Vec<_> = (0..8).map(|byte| Key(byte).index()).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 0, 1, 2]);
    }

    #[test]
    fn whatever_differs_in_a_sequence_shows_in_its_digest() {
        let request = RequestId { session: SessionId(1), cxid: 2 };
        let change = Change::Set { key: Key(0), value: 1, version: 1 };
        let txn = Txn { zxid: Zxid::new(1, 1), request, change };
        let with = |key, value, version| Txn { change: Change::Set { key, value, version }, ..txn };
        let differ = [
            txn,
            Txn { zxid: Zxid::new(2, 1), ..txn },
            Txn { zxid: Zxid::new(1, 2), ..txn },
            Txn { request: RequestId { session: SessionId(2), ..request }, ..txn },
            Txn { request: RequestId { cxid: 3, ..request }, ..txn },
            with(Key(1), 1, 1),
            with(Key(2), 1, 1),
            with(Key(4), 1, 1),
            with(Key(0), 0, 0),
            with(Key(0), 2, 1),
            with(Key(0), 1, 2),
            Txn { change: Change::Rejected, ..txn },
        ];
        let empty = Digest::EMPTY;
        let mut digests: Vec<_> = differ.iter().map(|txn| empty.then(txn)).collect();
        digests.extend([empty, empty.then(&differ[1]).then(&differ[2])]);
        digests.push(empty.then(&differ[2]).then(&differ[1]));
        let count = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), count, "order, each field, and the length");
        assert_eq!(empty.then(&txn), empty.then(&txn), "and nothing else");
    }

    #[test]
    fn digests_do_not_meet_by_chance() {
        let request = RequestId { session: SessionId(0), cxid: 0 };
        let txn = |epoch, counter| Txn {
            zxid: Zxid::new(epoch, counter),
            request,
            change: Change::Rejected,
        };
        let pairs = (0..100).flat_map(|epoch| (0..100).map(move |counter| (epoch, counter)));
        let mut digests: Vec<_> = pairs
            .flat_map(|(epoch, counter)| {
                let one = Digest::EMPTY.then(&txn(epoch, counter));
                [one, one.then(&txn(0, 0))]
            })
            .collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 20_000);
    }
}
