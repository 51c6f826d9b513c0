//! The outcome of a check: valid, violation or unknown. Unknown is never a pass.

use std::fmt;
use zab_core::{Micros, NodeId};

/// The rule that was broken, under the stable name that cases are filed under.
///
/// The order is the order of gravity: the class of an execution is the least of the classes found.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An acknowledged write is lost.
    O1,
    /// A value was read and is gone.
    O2,
    /// Servers at the same zxid answer differently.
    O3,
    /// A session saw a zxid go backwards.
    O4,
    /// No service although every fault is healed.
    O5,
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
    /// Bad proposal.
    I13,
    /// Bad commit.
    I14,
    /// Acknowledged before it was durable, or counted while it was not.
    D1,
    /// A vote for a zxid that the disk does not hold.
    D2,
    /// A hole in the log.
    D3,
    /// Memory and disk differ at rest.
    D4,
    /// A healthy disk does not restart.
    D5,
}

impl Class {
    /// Every class, gravest first.
    pub const ALL: [Self; 24] = [
        Self::O1,
        Self::O2,
        Self::O3,
        Self::O4,
        Self::O5,
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
        Self::I13,
        Self::I14,
        Self::D1,
        Self::D2,
        Self::D3,
        Self::D4,
        Self::D5,
    ];

    /// Its stable name, as in `I-8`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::O1 => "O1",
            Self::O2 => "O2",
            Self::O3 => "O3",
            Self::O4 => "O4",
            Self::O5 => "O5",
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
        }
    }

    /// What it means, in one line.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::O1 => "an acknowledged write is lost",
            Self::O2 => "a value was read and is gone",
            Self::O3 => "servers at the same zxid answer differently",
            Self::O4 => "a session saw a zxid go backwards",
            Self::O5 => "no service although every fault is healed",
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
        }
    }

    /// The class of that name; case and dash do not matter.
    pub fn parse(name: &str) -> Option<Self> {
        let wanted = name.replace('-', "").to_ascii_uppercase();
        Self::ALL.into_iter().find(|class| class.name().replace('-', "") == wanted)
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

/// A rule was broken, and here is the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Which rule.
    pub class: Class,
    /// When it was seen, on the clock of the world.
    pub at: Micros,
    /// At which server, if at one.
    pub node: Option<NodeId>,
    /// What was seen, in one sentence.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.class, self.at, self.what)
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
    pub const fn class(&self) -> Option<Class> {
        match self {
            Self::Violation(violation) => Some(violation.class),
            Self::Valid | Self::Unknown(_) => None,
        }
    }
}
