//! What exactly was seen when a rule was broken: data first, the sentence is made from it.

mod disk;
mod locks;
mod protocol;

pub use disk::{OnDisk, Promise};
pub use locks::Session;
pub use protocol::{Gap, Protocol};

use crate::certificate::Clause;
use crate::loss::Loss;
use std::fmt;
use zab_core::txn::Register;
use zab_core::{Key, NodeId, RequestId, Span, Txn, Zxid};

/// The evidence of a violation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// O1, O2, O6: a write that clients knew of was lost to an epoch.
    Lost(Box<Loss>),
    /// O3: two servers at rest hold different registers.
    Differs {
        /// One server, the leader if it is at rest, and its last zxid.
        one: (NodeId, Zxid),
        /// The other.
        other: (NodeId, Zxid),
        /// The first register that differs.
        key: Key,
        /// What each of them answers.
        registers: [Register; 2],
    },
    /// O8: two servers at rest hold equal registers and different histories.
    DiffersLatently {
        /// One server, the leader if it is at rest, and its last zxid.
        one: (NodeId, Zxid),
        /// The other.
        other: (NodeId, Zxid),
        /// The first transaction that only `one` has, if that is known.
        only_one: Option<Txn>,
        /// The first transaction that only `other` has, if that is known.
        only_other: Option<Txn>,
    },
    /// O4: an answer at a zxid below what the session has seen.
    Regress {
        /// The request answered.
        request: RequestId,
        /// Where it was answered.
        position: Zxid,
        /// What the session had seen when it asked.
        seen: Zxid,
    },
    /// O5: no write was acknowledged in time.
    NoService {
        /// The bound that passed.
        bound: Span,
        /// When service came back after all, counted from healing.
        after: Option<Span>,
        /// A write that was lost to an epoch, if there is one: nobody serves who could show it.
        lost: Option<Box<Loss>>,
    },
    /// O9: one server does not come to serve.
    NeverServes(Absence),
    /// O7, or O4 where it is about a session: a clause of the certificate.
    Clause {
        /// Which clause.
        clause: Clause,
        /// The request that has no place.
        request: Option<RequestId>,
        /// In words.
        what: String,
    },
    /// S-1: a `sync` was answered below what was committed when it was asked for.
    SyncBelow {
        /// The request.
        request: RequestId,
        /// Where it was answered.
        position: Zxid,
        /// What was committed when it was asked for.
        committed: Zxid,
    },
    /// S-1: the answer to a `sync` was sent before a COMMIT that it has to follow.
    SyncOvertakes {
        /// The request.
        request: RequestId,
        /// Who forwarded it.
        learner: NodeId,
        /// The last COMMIT sent to that server.
        sent: Zxid,
        /// What was committed when the leader answered.
        committed: Zxid,
    },
    /// I-1 to I-14: what Zab promises about leaders, transactions and their order.
    Protocol(Protocol),
    /// D1 to D5: what disks hold.
    Disk(OnDisk),
    /// P-1 to P-6: what the epoch files promise.
    Promise(Promise),
    /// E-1 to E-8: sessions, and the lock.
    Session(Session),
}

/// How one server fails to serve.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// It is up and has not come to serve within this time after service was back.
    NotServing(Span),
    /// It says that it serves, and a write sent to it was not carried out within this time.
    NotWriting(Span),
    /// It came to serve and fell out again, this often.
    FallsOut(u32),
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotServing(bound) => {
                write!(f, "it is up, others serve, and it does not come to serve within {bound}")
            }
            Self::NotWriting(bound) => {
                write!(f, "it serves, and a write sent to it is not carried out within {bound}")
            }
            Self::FallsOut(times) => {
                write!(f, "it came to serve and fell out again {times} times after healing")
            }
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(loss) => loss.fmt(f),
            Self::Differs { one: (one, at), other: (other, other_at), key, registers } => {
                let [a, b] = registers.map(Answer);
                write!(f, "{key} is {a} at {one} ({at}) and {b} at {other} ({other_at})")
            }
            Self::DiffersLatently { one, other, only_one, only_other } => {
                latent(f, (one, other), (only_one.as_ref(), only_other.as_ref()))
            }
            Self::Regress { request, position, seen } => {
                write!(f, "{request} is answered at {position}, its session has seen {seen}")
            }
            Self::NoService { bound, after, lost } => {
                no_service(f, *bound, *after, lost.as_deref())
            }
            Self::NeverServes(absence) => absence.fmt(f),
            Self::Clause { clause, what, .. } => write!(f, "{clause:?}: {what}"),
            Self::SyncBelow { request, position, committed } => write!(
                f,
                "{request} is answered at {position}, and {committed} was committed when it was asked"
            ),
            Self::SyncOvertakes { request, learner, sent, committed } => write!(
                f,
                "the answer to {request} is sent to {learner} after COMMIT {sent}, and {committed} \
                 was committed before it"
            ),
            Self::Protocol(protocol) => protocol.fmt(f),
            Self::Disk(disk) => disk.fmt(f),
            Self::Promise(promise) => promise.fmt(f),
            Self::Session(session) => session.fmt(f),
        }
    }
}

/// What a read of a register answers.
struct Answer(Register);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Register { value, version } = self.0;
        match version {
            0 => f.write_str("not there"),
            _ => write!(f, "{value} (version {version})"),
        }
    }
}

fn latent(
    f: &mut fmt::Formatter<'_>,
    ((one, at), (other, other_at)): (&(NodeId, Zxid), &(NodeId, Zxid)),
    (only_one, only_other): (Option<&Txn>, Option<&Txn>),
) -> fmt::Result {
    write!(f, "{one} ({at}) and {other} ({other_at}) have different histories")?;
    match (only_one, only_other) {
        (Some(a), Some(b)) => write!(f, ": {one} alone has {a}, {other} alone {b}"),
        (Some(a), None) => write!(f, ": {other} lacks {a}"),
        (None, Some(b)) => write!(f, ": {one} lacks {b}"),
        (None, None) => Ok(()),
    }
}

fn no_service(
    f: &mut fmt::Formatter<'_>,
    bound: Span,
    after: Option<Span>,
    lost: Option<&Loss>,
) -> fmt::Result {
    write!(f, "no write was acknowledged within {bound} of healing")?;
    match after {
        Some(after) => write!(f, ", the first one after {after}")?,
        None => f.write_str(", nor as long as anyone waited")?,
    }
    match lost {
        Some(lost) => write!(f, "; {lost}"),
        None => Ok(()),
    }
}
