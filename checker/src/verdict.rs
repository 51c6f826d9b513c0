//! The outcome of a check: valid, violation or unknown. Unknown is never a pass.

use crate::detail::Detail;
use crate::loss::Loss;
use std::fmt;
use zab_core::{NodeId, Time};

/// The rule that was broken, under the stable name that cases are filed under.
///
/// The order is the order of gravity: the class of an execution is the least of the classes found.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An acknowledged write is lost.
    O1,
    /// A value that was read is lost.
    O2,
    /// Two clients hold one lock.
    E5,
    /// A write was lost to an epoch and came back.
    O6,
    /// Servers at rest answer a read differently.
    O3,
    /// A node without an open session, or an open session without its node.
    E3,
    /// A node that went with its session is back.
    E4,
    /// A session that has ended does something.
    E1,
    /// Two nodes of one name, or numbers that go backwards.
    E6,
    /// The operations of a session change places.
    E7,
    /// A client is told that its session has ended, and its node stays.
    E8,
    /// A client is told that its session has ended, and that is not committed.
    E2,
    /// Servers at rest have different histories and equal registers.
    O8,
    /// No order of the committed transactions explains what clients saw.
    O7,
    /// A session saw a zxid go backwards.
    O4,
    /// No service although every fault is healed.
    O5,
    /// One server never comes to serve.
    O9,
    /// A `sync` that does not do what it promises.
    S1,
    /// Two established leaders of one epoch.
    I1,
    /// Integrity: delivered, but no primary broadcast it.
    I2,
    /// Agreement.
    I3,
    /// Total order.
    I4,
    /// Local primary order.
    I5,
    /// Global primary order.
    I6,
    /// Primary integrity.
    I7,
    /// Initial history integrity.
    I8,
    /// Commit consistency.
    I9,
    /// History consistency.
    I10,
    /// Bad state: a packet that the receiver's phase does not expect.
    I11,
    /// Bad acknowledgement.
    I12,
    /// Bad commit.
    I14,
    /// Acknowledged before it was durable, or counted while it was not.
    D1,
    /// Memory and disk differ at rest.
    D4,
    /// A healthy disk does not restart.
    D5,
    /// An epoch acknowledged to a leader without the promise on disk.
    P1,
    /// An epoch told to learners before the leader promised it to itself.
    P2,
    /// An acknowledgement that a later promise forbids.
    P3,
    /// An initial history without the promises of a majority.
    P4,
    /// A leader serves without its epoch on disk.
    P5,
    /// Two leaders wrote the same `currentEpoch`.
    P6,
    /// Bad proposal: a gap.
    I13,
    /// A vote for a zxid that the disk does not hold.
    D2,
    /// A hole in the log.
    D3,
}

impl Class {
    /// Every class, gravest first.
    pub const ALL: [Self; 43] = [
        Self::O1,
        Self::O2,
        Self::E5,
        Self::O6,
        Self::O3,
        Self::E3,
        Self::E4,
        Self::E1,
        Self::E6,
        Self::E7,
        Self::E8,
        Self::E2,
        Self::O8,
        Self::O7,
        Self::O4,
        Self::O5,
        Self::O9,
        Self::S1,
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
        Self::I11,
        Self::I12,
        Self::I14,
        Self::D1,
        Self::D4,
        Self::D5,
        Self::P1,
        Self::P2,
        Self::P3,
        Self::P4,
        Self::P5,
        Self::P6,
        Self::I13,
        Self::D2,
        Self::D3,
    ];

    /// The names that a command accepts, for a message about one that it does not.
    pub const NAMES: &'static str = "O1 to O9, E-1 to E-8, S-1, I-1 to I-14, D1 to D5, P-1 to P-6";

    /// Its stable name, as in `I-8`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::O1 => "O1",
            Self::O2 => "O2",
            Self::O3 => "O3",
            Self::O4 => "O4",
            Self::O5 => "O5",
            Self::O6 => "O6",
            Self::O7 => "O7",
            Self::O8 => "O8",
            Self::O9 => "O9",
            Self::E1 => "E-1",
            Self::E2 => "E-2",
            Self::E3 => "E-3",
            Self::E4 => "E-4",
            Self::E5 => "E-5",
            Self::E6 => "E-6",
            Self::E7 => "E-7",
            Self::E8 => "E-8",
            Self::S1 => "S-1",
            Self::I1 => "I-1",
            Self::I2 => "I-2",
            Self::I3 => "I-3",
            Self::I4 => "I-4",
            Self::I5 => "I-5",
            Self::I6 => "I-6",
            Self::I7 => "I-7",
            Self::I8 => "I-8",
            Self::I9 => "I-9",
            Self::I10 => "I-10",
            Self::I11 => "I-11",
            Self::I12 => "I-12",
            Self::I13 => "I-13",
            Self::I14 => "I-14",
            Self::D1 => "D1",
            Self::D2 => "D2",
            Self::D3 => "D3",
            Self::D4 => "D4",
            Self::D5 => "D5",
            Self::P1 => "P-1",
            Self::P2 => "P-2",
            Self::P3 => "P-3",
            Self::P4 => "P-4",
            Self::P5 => "P-5",
            Self::P6 => "P-6",
        }
    }

    /// What it means, in one line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::O1 => "an acknowledged write is lost",
            Self::O2 => "a value that was read is lost",
            Self::O3 => "servers at rest answer a read differently",
            Self::O4 => "a session saw a zxid go backwards",
            Self::O5 => "no service although every fault is healed",
            Self::O6 => "a write was lost to an epoch and came back",
            Self::O7 => "no order of the committed transactions explains what clients saw",
            Self::O8 => "servers at rest have different histories, though equal registers",
            Self::O9 => "a server does not come to serve although every fault is healed",
            Self::E1 => "a session that has ended does something",
            Self::E2 => "a session is told to have expired, and its end is not committed",
            Self::E3 => {
                "at rest, a node without an open session, or an open session without its node"
            }
            Self::E4 => "a node that went with its session is back",
            Self::E5 => "two clients hold one lock, and both sessions are open",
            Self::E6 => "two nodes get one name, or numbers go backwards",
            Self::E7 => "the operations of a session change places",
            Self::E8 => "a session is told to have expired, and its node stays",
            Self::S1 => "a sync that does not do what it promises",
            Self::I1 => "two established leaders of one epoch",
            Self::I2 => "delivered a transaction that no primary broadcast",
            Self::I3 => "two servers delivered different transactions",
            Self::I4 => "two servers delivered in different order",
            Self::I5 => "a primary's transactions delivered out of order",
            Self::I6 => "epochs went backwards in a delivered sequence",
            Self::I7 => "a primary broadcast before it had what others delivered",
            Self::I8 => "an initial history does not extend an earlier one",
            Self::I9 => "a server's delivered sequence lacks its epoch's initial history",
            Self::I10 => "logs of one epoch's participants diverge",
            Self::I11 => "a packet that the receiver's phase does not expect",
            Self::I12 => "the first answer to NEWLEADER is not its acknowledgement",
            Self::I13 => "a proposal that does not follow the last one",
            Self::I14 => "a commit that does not match the oldest proposal",
            Self::D1 => "acknowledged before it was durable",
            Self::D2 => "a vote for a zxid that the disk does not hold",
            Self::D3 => "a hole in the log",
            Self::D4 => "memory and disk differ at rest",
            Self::D5 => "a server with a healthy disk does not restart",
            Self::P1 => "an epoch was acknowledged before the promise was on disk",
            Self::P2 => "a leader proposed an epoch that it had not promised on disk",
            Self::P3 => "an acknowledgement that a later promise, or the epoch file, forbids",
            Self::P4 => "an epoch began without the promises of a majority",
            Self::P5 => "a leader served before its current epoch was on disk",
            Self::P6 => "two leaders wrote the same current epoch",
        }
    }

    /// The class of that name; case and dash do not matter.
    pub fn parse(name: &str) -> Option<Self> {
        let wanted = name.replace('-', "").to_ascii_uppercase();
        Self::ALL.into_iter().find(|class| class.name().replace('-', "") == wanted)
    }

    /// Whether it is about sessions and the lock: E-1 to E-8.
    pub const fn is_about_locks(self) -> bool {
        matches!(
            self,
            Self::E1 | Self::E2 | Self::E3 | Self::E4 | Self::E5 | Self::E6 | Self::E7 | Self::E8
        )
    }

    /// Whether it means that something a client could rely on is lost: O1 and O2.
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::O1 | Self::O2)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A moment of an execution.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    /// The time, on the clock of the world.
    pub at: Time,
    /// The place of the event in the evidence, counted from 0: several events may share a time.
    pub event: u32,
}

/// How convincing a violation is, and how grave: less comes first.
///
/// A loss that a client's read shows comes before one that the servers' memories show, and a write
/// that nobody overwrote before one that somebody did.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    class: Class,
    is_hidden: bool,
    is_overwritten: bool,
}

impl Rank {
    /// Which rule is broken.
    pub const fn class(self) -> Class {
        self.class
    }

    /// Whether it convinces as it is: nothing is lost, or a client's read shows what is.
    pub const fn is_convincing(self) -> bool {
        !self.class.is_loss() || !self.is_hidden
    }
}

/// A rule was broken, and here is the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Which rule.
    pub class: Class,
    /// When it was seen.
    pub when: When,
    /// At which server, if at one.
    pub node: Option<NodeId>,
    /// What was seen.
    pub detail: Detail,
}

impl Violation {
    /// The write that is lost, or was, if it is about one.
    pub const fn loss(&self) -> Option<&Loss> {
        match &self.detail {
            Detail::Lost(loss) => Some(loss),
            Detail::NoService { lost: Some(loss), .. } => Some(loss),
            _ => None,
        }
    }

    /// Whether a client's read shows what is lost.
    pub fn is_client_visible(&self) -> bool {
        self.class.is_loss() && self.loss().is_some_and(|loss| loss.shown.is_some())
    }

    /// How convincing and how grave it is.
    pub fn rank(&self) -> Rank {
        Rank {
            class: self.class,
            is_hidden: !self.is_client_visible(),
            is_overwritten: self.loss().is_some_and(|loss| loss.is_overwritten),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.class, self.when.at, self.detail)
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing was violated, and everything was checked.
    Valid,
    /// At least one rule was broken; this is the gravest, and of those the first.
    Violation(Violation),
    /// No decision was reached, for this reason.
    Unknown(String),
}

impl Verdict {
    /// The class of the violation, if there is one.
    pub fn class(&self) -> Option<Class> {
        self.violation().map(|violation| violation.class)
    }

    /// The violation, if there is one.
    pub const fn violation(&self) -> Option<&Violation> {
        match self {
            Self::Violation(violation) => Some(violation),
            Self::Valid | Self::Unknown(_) => None,
        }
    }
}
