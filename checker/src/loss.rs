//! What is lost: the two conditions that make a loss, and the evidence for each.
//!
//! A write is *lost to an epoch* if a later epoch is established whose initial history lacks it (the
//! same zxid and the same request), or if its own epoch is established a second time and that
//! history lacks it. That alone convinces nobody: a server that was deposed may bring the write
//! back. So it is *lost* only if, once every fault is healed and the ensemble is quiet, the leader
//! of the newest epoch serves and its memory, after a `sync`, lacks it. If the leader has it, the
//! write was lost and came back (O6).

use crate::ensemble::Ensemble;
use crate::reigns::Reign;
use crate::sequences::{Members, Sequences};
use crate::verdict::When;
use std::fmt;
use zab_core::{Epoch, Key, NodeId, RequestId, Txn};

/// How a client came to know of a write.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Knowledge {
    /// It was told that the write is committed.
    Acknowledged,
    /// It got the value in an answer.
    Read,
}

/// That a client came to know of a write.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    /// How.
    pub how: Knowledge,
    /// By the answer to which request.
    pub request: RequestId,
    /// From which server.
    pub server: Option<NodeId>,
    /// When the answer reached it.
    pub when: When,
}

/// An epoch was established.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Beginning {
    /// Which epoch.
    pub epoch: Epoch,
    /// Its leader.
    pub leader: NodeId,
    /// When a majority had acknowledged NEWLEADER.
    pub when: When,
}

/// A read that shows a register as it cannot be if the write were there.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// Which request.
    pub request: RequestId,
    /// Which server answered.
    pub server: Option<NodeId>,
    /// The register.
    pub key: Key,
    /// The value.
    pub value: u32,
    /// The version.
    pub version: u32,
    /// When.
    pub when: When,
}

/// A write that clients knew of and that was lost to an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loss {
    /// The write.
    pub txn: Txn,
    /// How clients knew of it: the acknowledgement if there was one, else the first read.
    pub known: Known,
    /// The first epoch that began without it.
    pub lost: Beginning,
    /// The next epoch that began with it, if there was one.
    pub back: Option<Beginning>,
    /// A client's read, after every fault was healed, that shows that it is gone.
    pub shown: Option<Shown>,
    /// Another write has taken the register's place since: no read of a value can show the loss.
    pub is_overwritten: bool,
    /// The leader at the end, whose memory was looked at.
    pub judge: Option<NodeId>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { txn, known, lost, back, shown, .. } = self;
        match known.how {
            Knowledge::Acknowledged => write!(f, "{txn} was acknowledged to {}", txn.request)?,
            Knowledge::Read => write!(f, "{txn} was read by {}", known.request)?,
        }
        write!(f, ", and epoch {} began at {} without it", lost.epoch, lost.leader)?;
        if let Some(back) = back {
            write!(f, "; it is back since epoch {} began at {}", back.epoch, back.leader)?;
        }
        if let Some(judge) = self.judge {
            let has = if self.is_back() { "has" } else { "lacks" };
            write!(f, "; at the end {judge}, the leader, {has} it")?;
        }
        if let Some(Shown { server: Some(server), key, value, version, .. }) = shown {
            match version {
                0 => write!(f, ", and a client that reads {key} at {server} finds nothing")?,
                _ => write!(f, ", and a client that reads {key} at {server} gets {value}")?,
            }
        }
        Ok(())
    }
}

impl Loss {
    /// Whether it came back: the leader at the end has it.
    pub fn is_back(&self) -> bool {
        self.back.is_some()
    }
}

/// What is known about the writes that were lost to an epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses {
    /// Gone at the end.
    pub(crate) gone: Vec<Loss>,
    /// Lost once, and there at the end.
    pub(crate) back: Vec<Loss>,
    /// Lost to an epoch, while it is not known what became of it.
    pub(crate) undecided: Vec<Loss>,
}

/// Every write that clients knew of and that was lost to an epoch.
pub(crate) fn losses(ensemble: &Ensemble) -> Losses {
    let Ensemble { sequences, reigns, clients, .. } = ensemble;
    let established: Vec<_> =
        reigns.established().map(|reign| Epochs::of(reign, sequences)).collect();
    let newest = reigns.newest_established();
    let end = newest.and_then(|reign| Some((reign, ensemble.at_rest_of(reign.leader)?)));
    let memory = end.map(|(_, rest)| sequences.members(rest.memory));
    let mut losses = Losses::default();
    for (mark, txn, known) in sequences.known() {
        let own = reigns.proposer_of(txn, sequences).and_then(|reign| reign.established);
        let mut later = established.iter().filter(|e| e.is_later_than(txn, own));
        let Some(lost) = later.find(|e| e.members.has(mark) == Some(false)) else {
            continue;
        };
        let back = later.find(|e| e.members.has(mark) == Some(true)).map(|e| e.beginning);
        let mut loss = Loss {
            txn: *txn,
            known,
            lost: lost.beginning,
            back,
            shown: clients.contradicts(txn),
            is_overwritten: end.is_some_and(|(_, rest)| rest.overwrites(txn)),
            judge: end.map(|(reign, _)| reign.leader),
        };
        match memory.as_ref().and_then(|memory| memory.has(mark)) {
            Some(false) => {
                loss.back = None;
                losses.gone.push(loss);
            }
            Some(true) => {
                loss.back = loss.back.or_else(|| established.last().map(|e| e.beginning));
                losses.back.push(loss);
            }
            None => losses.undecided.push(loss),
        }
    }
    losses
}

/// An epoch that was established, and the transactions that it began with.
struct Epochs {
    beginning: Beginning,
    members: Members,
}

impl Epochs {
    fn of(reign: &Reign, sequences: &Sequences) -> Self {
        let when = reign.established.expect("only established reigns are asked for");
        let beginning = Beginning { epoch: reign.epoch, leader: reign.leader, when };
        Self { beginning, members: sequences.members(reign.initial_history) }
    }

    /// Whether it has to begin with a transaction whose own epoch was established at `own`: if it is
    /// a later epoch, or the same epoch, established once more.
    fn is_later_than(&self, txn: &Txn, own: Option<When>) -> bool {
        let Beginning { epoch, when, .. } = self.beginning;
        epoch > txn.zxid.epoch || epoch == txn.zxid.epoch && own.is_some_and(|own| when > own)
    }
}

/// The loss that convinces most: one that a read shows, then one that nobody overwrote.
pub(crate) fn clearest<'a>(losses: impl Iterator<Item = &'a Loss>) -> Option<&'a Loss> {
    losses.min_by_key(|loss| (loss.shown.is_none(), loss.is_overwritten, loss.known.when))
}
