//! Transactions, client operations and the replicated state they act on.
//!
//! ZooKeeper's DataTree is reduced to a small array of versioned registers: `setData` with and
//! without a version, `getData` and `sync` keep their meaning. Beside them there is one lock, with what its
//! recipe needs: sessions, and ephemeral sequential nodes ([`Locks`]). Everything else is left out.

use crate::ids::{RequestId, Zxid};
use crate::locks::{LockNode, Locks, Numbers, SessionError};
use std::fmt;
use std::hash::{Hash, Hasher};

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
    /// A new client connects: opens the session of this request.
    OpenSession,
    /// A client connects with the session that it has.
    ResumeSession,
    /// A sign of life.
    Ping,
    /// `create("/lock/n-", EPHEMERAL_SEQUENTIAL)`.
    CreateNode,
    /// `getChildren("/lock")`, answered by the server that is asked, from its own memory.
    Children,
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
    /// The session of the request is open from here on (`CreateSessionTxn`).
    CreateSession,
    /// The session of the request has ended (`CloseSessionTxn`).
    CloseSession {
        /// Its nodes: those that the leader knew of, what it had proposed included.
        nodes: Numbers,
    },
    /// The session of the request has a new node (`CreateTxn`).
    CreateNode {
        /// The number in its name.
        number: u8,
    },
    /// What the session of the request asked for is not done (`ErrorTxn`).
    Refused(SessionError),
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
        let session = self.request.session;
        match self.change {
            Change::Set { key, value, .. } => write!(f, "{} {key}={value}", self.zxid),
            Change::Rejected => write!(f, "{} rejected", self.zxid),
            Change::CreateSession => write!(f, "{} createSession {session}", self.zxid),
            Change::CloseSession { .. } => write!(f, "{} closeSession {session}", self.zxid),
            Change::CreateNode { number } => {
                write!(f, "{} create n-{number} of {session}", self.zxid)
            }
            Change::Refused(error) => write!(f, "{} refused, {error}", self.zxid),
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
    /// The session is open, and its client connected.
    Connected {
        /// A new session: the transaction that opened it. ZooKeeper says nothing of it, and the client may
        /// then be told by a server that lags that it has expired.
        opened: Option<Zxid>,
    },
    /// The session has ended (a `ConnectResponse` with session 0).
    Expired,
    /// The client is not connected here: its connection was closed with its session, or with the one before.
    Disconnected,
    /// A sign of life back.
    Pong {
        /// The zxid of the last transaction that this server had applied.
        position: Zxid,
    },
    /// The node is there.
    Named {
        /// The transaction that created it.
        zxid: Zxid,
        /// The number in its name.
        number: u8,
    },
    /// The request was committed as an error.
    Failed {
        /// The error's place in the total order.
        zxid: Zxid,
        /// Why.
        error: SessionError,
    },
    /// The nodes of the lock, as far as the recipe needs them.
    Queue {
        /// The asking session's own node, if it is there; the first one, if there are several.
        own: Option<LockNode>,
        /// The node with the lowest number: whose it is has the lock.
        first: Option<LockNode>,
        /// The zxid of the last transaction that this server had applied.
        position: Zxid,
    },
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
            Change::CreateSession => (101, 0),
            Change::CloseSession { nodes } => {
                let [low, high] = nodes.bits();
                (102, u64::from(high) << 32 | u64::from(low))
            }
            Change::CreateNode { number } => (103, number.into()),
            Change::Refused(error) => (104, error as u64),
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
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    /// `lastProcessedZxid`: the last transaction applied, or ⟨e, 0⟩ at a leader established in e.
    pub last_processed: Zxid,
    /// Which sequence of transactions led here.
    pub digest: Digest,
    /// The registers.
    pub registers: [Register; KEYS],
    /// Sessions and the nodes of the lock.
    pub locks: Locks,
}

/// Sessions and nodes count if there are any: where there are none, an execution has the hash that it always
/// had.
impl Hash for Replica {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { last_processed, digest, registers, locks } = self;
        (last_processed, digest, registers).hash(state);
        if *locks != Locks::default() {
            locks.hash(state);
        }
    }
}

impl Replica {
    /// Applies `txn` after everything applied so far. Order is the caller's business.
    pub fn apply(&mut self, txn: &Txn) {
        match txn.change {
            Change::Set { key, value, version } => {
                self.registers[key.index()] = Register { value, version };
            }
            _ => self.locks.apply(txn),
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
            Txn { change: Change::CreateSession, ..txn },
            Txn { change: Change::CloseSession { nodes: Numbers::default() }, ..txn },
            Txn { change: Change::CloseSession { nodes: [0].into_iter().collect() }, ..txn },
            Txn { change: Change::CloseSession { nodes: [40].into_iter().collect() }, ..txn },
            Txn { change: Change::CreateNode { number: 0 }, ..txn },
            Txn { change: Change::CreateNode { number: 1 }, ..txn },
            Txn { change: Change::Refused(SessionError::Expired), ..txn },
            Txn { change: Change::Refused(SessionError::Moved), ..txn },
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
