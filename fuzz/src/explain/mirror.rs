//! What is durable at each server, kept from the operations its disk was asked for and reported.

use std::collections::{BTreeMap, VecDeque};
use zab_checker::{Event, Fact};
use zab_core::{DiskOp, Epoch, File, Lsn, Recovered, Zxid};

/// What is durable at one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Whether the process runs.
    pub up: bool,
    /// The file `acceptedEpoch`.
    pub accepted_epoch: Epoch,
    /// The file `currentEpoch`.
    pub current_epoch: Epoch,
    log: Vec<Zxid>,
    snapshots: Vec<Zxid>,
    asked: BTreeMap<File, VecDeque<(Lsn, DiskOp)>>,
}

impl Disk {
    /// The last transaction that would be found after a power loss that takes all it can.
    pub fn last_logged(&self) -> Zxid {
        self.log.iter().chain(&self.snapshots).copied().max().unwrap_or_default()
    }

    /// Whether a transaction is durable here, in the log or under a snapshot.
    pub fn holds(&self, zxid: Zxid) -> bool {
        self.log.contains(&zxid) || self.snapshots.iter().any(|snapshot| *snapshot >= zxid)
    }

    /// Transactions that were handed to the disk and are not durable yet.
    pub fn unflushed(&self) -> impl Iterator<Item = Zxid> {
        self.asked.get(&File::Log).into_iter().flatten().filter_map(|(_, op)| match op {
            DiskOp::Append(txn) => Some(txn.zxid),
            _ => None,
        })
    }

    fn recover(&mut self, found: &Recovered) {
        *self = Self {
            up: true,
            accepted_epoch: found.accepted_epoch,
            current_epoch: found.current_epoch,
            log: found.log.iter().map(|txn| txn.zxid).collect(),
            snapshots: vec![found.snapshot.last_processed],
            asked: BTreeMap::new(),
        };
    }

    fn complete(&mut self, file: File, upto: Lsn) {
        let asked = self.asked.entry(file).or_default();
        let done = asked.iter().take_while(|(lsn, _)| *lsn <= upto).count();
        for (_, op) in asked.drain(..done) {
            match op {
                DiskOp::Append(txn) => self.log.push(txn.zxid),
                DiskOp::Truncate(last) => self.log.retain(|zxid| *zxid <= last),
                DiskOp::Flush | DiskOp::FlushRecovered(_) => {}
                DiskOp::Snapshot(replica) => self.snapshots.push(replica.last_processed),
                DiskOp::DropSnapshotsAfter(last) => self.snapshots.retain(|zxid| *zxid <= last),
                DiskOp::AcceptedEpoch(epoch) => self.accepted_epoch = epoch,
                DiskOp::CurrentEpoch(epoch) => self.current_epoch = epoch,
            }
        }
    }

    /// Takes note of what happened at this server.
    pub fn observe(&mut self, fact: &Fact) {
        match fact {
            Fact::Started(found) => self.recover(found),
            Fact::Crashed { .. } | Fact::Exited(_) => self.up = false,
            Fact::DiskAsked { lsn, op } => {
                self.asked.entry(op.file()).or_default().push_back((*lsn, op.clone()));
            }
            Fact::DiskDone { file, upto } => self.complete(*file, *upto),
            Fact::DiskFailed { file, lsn } => {
                self.asked.entry(*file).or_default().retain(|(asked, _)| asked < lsn);
            }
            _ => {}
        }
    }
}

/// What is durable at every server.
pub fn observe(disks: &mut Vec<Disk>, event: &Event) {
    if let Some(node) = event.node {
        if disks.len() <= node.index() {
            disks.resize(node.index() + 1, Disk::default());
        }
        disks[node.index()].observe(&event.fact);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::{Change, RequestId, SessionId, Txn};

    fn append(lsn: u64, zxid: Zxid) -> Fact {
        let request = RequestId { session: SessionId(0), cxid: 1 };
        let op = DiskOp::Append(Txn { zxid, request, change: Change::Rejected });
        Fact::DiskAsked { lsn: Lsn(lsn), op }
    }

    #[test]
    fn appended_is_durable_only_when_the_flush_is_done() {
        let mut disk = Disk::default();
        let zxid = Zxid::new(1, 1);
        disk.observe(&append(1, zxid));
        disk.observe(&Fact::DiskAsked { lsn: Lsn(2), op: DiskOp::Flush });
        assert_eq!(disk.unflushed().collect::<Vec<_>>(), [zxid]);
        assert_eq!(disk.last_logged(), Zxid::ZERO);
        disk.observe(&Fact::DiskDone { file: File::Log, upto: Lsn(2) });
        assert_eq!(disk.last_logged(), zxid);
        assert!(disk.holds(zxid));
        assert_eq!(disk.unflushed().count(), 0);
    }

    #[test]
    fn what_failed_is_forgotten_and_what_recovery_finds_counts() {
        let mut disk = Disk::default();
        disk.observe(&append(1, Zxid::new(1, 1)));
        disk.observe(&append(2, Zxid::new(1, 2)));
        disk.observe(&Fact::DiskFailed { file: File::Log, lsn: Lsn(2) });
        disk.observe(&Fact::DiskDone { file: File::Log, upto: Lsn(3) });
        assert_eq!(disk.last_logged(), Zxid::new(1, 1));
        disk.observe(&Fact::Crashed { power_loss: true });
        assert!(!disk.up);
        disk.observe(&Fact::Started(Box::default()));
        assert!(disk.up);
        assert_eq!(disk.last_logged(), Zxid::ZERO);
    }
}
