//! Hazards: rules whose breach explains a loss and is none.
//!
//! ZooKeeper breaks these rules in correct operation, or carries on as if nothing had happened, so a
//! skeptic may shrug at them. They stand in a story beside what they led to, they guide a search,
//! and they are violations in the reference, which keeps every rule; they are never the verdict on a
//! release. A class belongs here only with a run on a real server or a citation of Java:
//!
//! | class | why it is no verdict |
//! |---|---|
//! | D2 | the vote is `getLastLoggedZxid`, which is the last zxid of memory once the database is loaded (`QuorumPeer.getLastLoggedZxid`, `ZKDatabase.getDataTreeLastProcessedZxid`) |
//! | D3 | until 3.9.3 a log with a hole is loaded and served without a word (`FileTxnSnapLog.fastForwardFromEdits`); ZOOKEEPER-4882 leaves one on a server that serves afterwards |
//! | I-13 | a gap between proposals is a warning (`Learner.syncWithLeader`, "Got zxid … expected …") and an error from 3.9.4 on only |
//! | P-1 to P-3, P-5 | what the epoch files promise: nobody loses by it as long as no second fault follows; `Leader.getEpochToPropose` continues after a failed write of `acceptedEpoch`, in every release |
//! | P-4 | follows from P-1 and P-2 in the same way |
//! | P-6 | two servers write the `currentEpoch` of an epoch that both lead: harmless until both are established, which is I-1 |

use crate::verdict::Class;

/// The hazards.
pub const HAZARDS: [Class; 9] = [
    Class::P1,
    Class::P2,
    Class::P3,
    Class::P4,
    Class::P5,
    Class::P6,
    Class::I13,
    Class::D2,
    Class::D3,
];

/// What is held against a variant of the protocol.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standard {
    /// Every rule: the reference claims to keep them all.
    #[default]
    Strict,
    /// Every rule but the hazards: what a release is judged by.
    Release,
}

impl Standard {
    /// Whether a breach of this class is a violation by this standard.
    pub fn counts(self, class: Class) -> bool {
        self == Self::Strict || !HAZARDS.contains(&class)
    }
}
