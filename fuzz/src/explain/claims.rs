//! What a story says about durability: one form of words for each claim, so that a test can hold
//! every story to the checker.

use std::fmt;
use zab_checker::custody::Shortfall;
use zab_core::Zxid;

/// A claim about a disk, as the tail of a sentence about its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Acknowledged, and not durable.
    AcknowledgedEarly,
    /// NEWLEADER acknowledged, and these are not durable.
    Missing(Vec<Zxid>),
    /// NEWLEADER acknowledged, and this stands in between.
    Extra(Zxid),
    /// NEWLEADER acknowledged, and these are durable after all that it stands for, though no leader
    /// of that epoch proposed them.
    Beyond(Vec<Zxid>),
    /// The power fails while these are handed to the disk.
    NotYet(Vec<Zxid>),
    /// They were handed to the disk before the power failed, and are not there.
    NeverReached(Vec<Zxid>),
}

impl Claim {
    /// What is to be said of a disk whose server acknowledges NEWLEADER, if anything.
    pub(super) fn of_shortfall(shortfall: &Shortfall) -> Option<Self> {
        let Shortfall { missing, extra, beyond } = shortfall;
        if !missing.is_empty() {
            return Some(Self::Missing(missing.clone()));
        }
        let is_beyond = !beyond.is_empty();
        extra.map(Self::Extra).or_else(|| is_beyond.then(|| Self::Beyond(beyond.clone())))
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AcknowledgedEarly => f.write_str(", which is NOT on its disk"),
            Self::Missing(zxids) => write!(f, "; {} NOT on its disk", are(zxids)),
            Self::Extra(zxid) => write!(f, "; its disk has {zxid}, which does NOT belong there"),
            Self::Beyond(zxids) => {
                write!(f, "; {} still on its disk, and not in the leader's history", are(zxids))
            }
            Self::NotYet(zxids) => write!(f, " before {} on its disk", are(zxids)),
            Self::NeverReached(zxids) => write!(f, "; {} never reached its disk", list(zxids)),
        }
    }
}

fn are(zxids: &[Zxid]) -> String {
    let verb = if zxids.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", list(zxids))
}

/// The zxids, or the first and the last of many.
pub(super) fn list(zxids: &[Zxid]) -> String {
    let words: Vec<String> = zxids.iter().map(Zxid::to_string).collect();
    match words.as_slice() {
        [first, .., last] if words.len() > 3 => format!("{first} to {last}"),
        _ => words.join(", "),
    }
}
