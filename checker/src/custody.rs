//! Who has what: the servers' disks and memories as the checker knows them, for whoever tells the
//! story of an execution.

use crate::disk::Files;
use crate::ensemble::{Ensemble, Server};
use crate::reigns::Reign;
use crate::sequences::Sequences;
use zab_core::{Epoch, NodeId, Txn, Zxid};

/// What one server has on disk and in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerState {
    /// Whether its process runs.
    pub is_up: bool,
    /// Whom it follows or wants to follow: itself if it leads or wants to.
    pub leader: Option<NodeId>,
    /// The epoch in which it serves clients, if it does.
    pub serving: Option<Epoch>,
    /// The file `acceptedEpoch`, durably.
    pub accepted_epoch: Epoch,
    /// The file `currentEpoch`, durably.
    pub current_epoch: Epoch,
    /// The last zxid that would be found after a power loss that takes all it can.
    pub last_logged: Zxid,
    /// Where the durable log has a hole: the record before it and the one after it.
    pub hole: Option<(Zxid, Zxid)>,
    /// Records that were handed to the disk and are not durable.
    pub unflushed: Vec<Zxid>,
    /// The last zxid in memory; `None` if it is down.
    pub in_memory: Option<Zxid>,
    /// It promised an epoch and has not acknowledged NEWLEADER yet.
    pub is_synchronizing: bool,
    /// How its disk falls short of the initial history of the epoch whose NEWLEADER it acknowledged,
    /// or which it leads: what D1 asks at that moment.
    pub shortfall: Shortfall,
    /// Its disk does not hold what it acknowledged last: what D1 asks of a proposal.
    pub is_forgetful: bool,
    /// The zxids that are durable, in the log; what a snapshot covers is not among them.
    log: Vec<Zxid>,
    /// The newest durable snapshot's last zxid, and what it covers, if it is known how it begins.
    snapshot: (Zxid, Option<Vec<Zxid>>),
}

/// How a disk differs from a history that it should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shortfall {
    /// Of the history, in order: what is not durable.
    pub missing: Vec<Zxid>,
    /// The first record that stands where another one should; looked at if nothing is missing.
    pub extra: Option<Zxid>,
    /// What is durable after the whole history and was not proposed in that epoch: no breach of D1,
    /// and a history that an election may bring back.
    pub beyond: Vec<Zxid>,
}

impl Shortfall {
    /// How the durable files of a server differ from the initial history of a reign; they do not, as
    /// far as it is not known how one of them begins.
    fn of(server: &Server, reign: &Reign, sequences: &Sequences) -> Self {
        let wanted = sequences.transactions(reign.initial_history);
        let durable = durable_transactions(server.disk.durable(), sequences);
        let (Some(wanted), Some(durable)) = (wanted, durable) else {
            return Self::default();
        };
        let proposed = sequences.transactions(reign.proposed()).unwrap_or_default();
        let common = wanted.iter().zip(&durable).take_while(|(a, b)| a == b).count();
        let is_missing = |txn: &&Txn| !durable.contains(txn);
        let missing: Vec<Zxid> =
            wanted[common..].iter().filter(is_missing).map(|txn| txn.zxid).collect();
        let is_whole = common == wanted.len();
        let extra = durable.get(common).filter(|_| !is_whole && missing.is_empty());
        let beyond = durable[common..].iter().filter(|txn| is_whole && !proposed.contains(txn));
        Self {
            extra: extra.map(|txn| txn.zxid),
            beyond: beyond.map(|txn| txn.zxid).collect(),
            missing,
        }
    }
}

/// The transactions that a process would load, if it is known how they begin.
fn durable_transactions(files: &Files, sequences: &Sequences) -> Option<Vec<Txn>> {
    let snapshot = files.snapshot();
    let mut loaded = sequences.transactions(sequences.find(files.snapshot_digest())?)?;
    loaded.extend(files.log().iter().filter(|txn| txn.zxid > snapshot.last));
    Some(loaded)
}

impl ServerState {
    fn of(server: &Server, ensemble: &Ensemble) -> Self {
        let Ensemble { sequences, reigns, .. } = ensemble;
        let durable = server.disk.durable();
        let shortfall = server
            .participates
            .map(|(reign, _)| Shortfall::of(server, reigns.get(reign), sequences));
        let is_forgotten =
            |zxid| !durable.holds(zxid, reigns.sequence_at(zxid, sequences), sequences);
        let covered = sequences.find(durable.snapshot_digest());
        let covered = covered.and_then(|covered| sequences.transactions(covered));
        let covered = covered.map(|txns| txns.iter().map(|txn| txn.zxid).collect());
        Self {
            is_up: server.is_up,
            leader: server.leader,
            serving: server.serving,
            accepted_epoch: durable.accepted_epoch,
            current_epoch: durable.current_epoch,
            last_logged: durable.last_zxid(),
            hole: durable.hole(),
            unflushed: server.disk.unflushed().map(|txn| txn.zxid).collect(),
            in_memory: server.is_up.then_some(server.last_zxid),
            is_synchronizing: server.synchronizes_with.is_some(),
            shortfall: shortfall.unwrap_or_default(),
            is_forgetful: server.acknowledged.is_some_and(is_forgotten),
            log: durable.log().iter().map(|txn| txn.zxid).collect(),
            snapshot: (durable.snapshot().last, covered),
        }
    }

    /// The zxids that are durable in the log, in file order; what a snapshot alone covers is not among
    /// them.
    pub fn logged(&self) -> &[Zxid] {
        &self.log
    }

    /// Whether this zxid is durable: a process that starts would load it, under the newest snapshot or
    /// from the log after it. What the log still has before that is not read.
    pub fn holds(&self, zxid: Zxid) -> bool {
        let (last, covered) = &self.snapshot;
        // A snapshot may hold more than its name says: what a TRUNC has left in memory.
        let is_covered = covered.as_ref().map(|zxids| zxids.contains(&zxid));
        match is_covered {
            _ if zxid > *last => self.log.contains(&zxid) || is_covered == Some(true),
            Some(is_covered) if !zxid.is_epoch_mark() => is_covered,
            _ => true,
        }
    }
}

/// Every server, in order of its number.
pub type Servers = Vec<ServerState>;

/// What each server has on disk and in memory.
pub(crate) fn servers(ensemble: &Ensemble) -> Servers {
    ensemble.servers.iter().map(|server| ServerState::of(server, ensemble)).collect()
}

/// Where a transaction is at one server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holding {
    /// Who.
    pub server: NodeId,
    /// Whether its process runs.
    pub is_up: bool,
    /// On its disk.
    pub disk: OnDisk,
    /// In its memory; `None` if it is down.
    pub memory: Option<bool>,
    /// The epoch in which it serves clients, if it does.
    pub serving: Option<Epoch>,
}

/// Whether a transaction is on a disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnDisk {
    /// Not there.
    No,
    /// Handed to the disk: a power loss takes it.
    Unflushed,
    /// Whatever happens, it is there.
    Durable,
}

/// Where a transaction is at each server.
pub(crate) fn custody(ensemble: &Ensemble, txn: &Txn) -> Vec<Holding> {
    let Ensemble { sequences, servers, .. } = ensemble;
    let holding = |(server, state): (u8, &Server)| Holding {
        server: NodeId(server),
        is_up: state.is_up,
        disk: on_disk(state, txn, sequences),
        memory: state.is_up.then(|| sequences.holds(state.memory, txn)),
        serving: state.serving,
    };
    (0..).zip(servers).map(holding).collect()
}

fn on_disk(server: &Server, txn: &Txn, sequences: &Sequences) -> OnDisk {
    // Of the log only what is after the newest snapshot is read.
    let has = |files: &Files| {
        let is_read = txn.zxid > files.snapshot().last && files.log().contains(txn);
        match sequences.find(files.snapshot_digest()) {
            Some(held) => is_read || sequences.holds(held, txn),
            None => files.log().contains(txn),
        }
    };
    if has(server.disk.durable()) {
        OnDisk::Durable
    } else if has(server.disk.asked()) {
        OnDisk::Unflushed
    } else {
        OnDisk::No
    }
}
