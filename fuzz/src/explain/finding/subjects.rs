//! Which transactions a violation is about.

use super::Asked;
use zab_checker::detail::{Detail, Gap, OnDisk, Promise, Protocol, Session};
use zab_checker::{Event, Fact, Violation};
use zab_core::event::Note;
use zab_core::{Change, DiskOp, Op, Outcome, Packet, RequestId, Txn, Zxid};

/// Every transaction that was met, and by how many events; and every answer to a read.
pub(super) struct Subjects<'a> {
    met: Vec<(usize, Txn)>,
    answers: &'a [(usize, Asked)],
}

impl<'a> Subjects<'a> {
    pub(super) fn new(events: &[Event], answers: &'a [(usize, Asked)]) -> Self {
        let mut met: Vec<(usize, Txn)> = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let txns = match &event.fact {
                Fact::Started(found) => found.log.as_slice(),
                Fact::Noted(Note::Proposed(txn))
                | Fact::Sent { packet: Packet::Proposal(txn), .. }
                | Fact::DiskAsked { op: DiskOp::Append(txn), .. }
                | Fact::Delivered(txn) => std::slice::from_ref(txn),
                _ => continue,
            };
            for txn in txns {
                if met.iter().all(|(_, known)| known != txn) {
                    met.push((at, *txn));
                }
            }
        }
        Self { met, answers }
    }

    /// The transactions that this is about, without repetition.
    pub(super) fn of(&self, violation: &Violation) -> Vec<Txn> {
        let at = violation.when.event as usize;
        let at_zxid = |zxid: &Zxid| self.at(*zxid, at);
        let mut subjects = match &violation.detail {
            Detail::Lost(loss) => vec![loss.txn],
            Detail::NoService { lost: Some(loss), .. } => vec![loss.txn],
            Detail::Differs { key, registers, .. } => {
                let wrote = |txn: &Txn| match txn.change {
                    Change::Set { key: of, value, version } => {
                        of == *key
                            && registers.iter().any(|r| (r.value, r.version) == (value, version))
                    }
                    _ => false,
                };
                self.all(wrote)
            }
            Detail::DiffersLatently { only_one, only_other, .. } => {
                only_one.iter().chain(only_other).copied().collect()
            }
            Detail::Clause { request: Some(request), .. } => self.requested(*request),
            Detail::SyncBelow { committed, .. } | Detail::SyncOvertakes { committed, .. } => {
                at_zxid(committed).into_iter().collect()
            }
            Detail::Protocol(protocol) => self.of_protocol(protocol, at),
            Detail::Session(seen) => self.of_sessions(seen, at),
            Detail::Disk(disk) => zxids_on_disk(disk).iter().filter_map(at_zxid).collect(),
            Detail::Promise(Promise::AcknowledgesBelow { zxid, .. }) => {
                at_zxid(zxid).into_iter().collect()
            }
            Detail::Regress { .. }
            | Detail::NoService { lost: None, .. }
            | Detail::NeverServes(_)
            | Detail::Clause { request: None, .. }
            | Detail::Promise(_) => Vec::new(),
        };
        subjects.dedup();
        subjects
    }

    /// What was done in the sessions that it is about, but that they were opened; or the transactions.
    fn of_sessions(&self, seen: &Session, at: usize) -> Vec<Txn> {
        let sessions = match *seen {
            Session::TwoHolders { first: (one, _), second: (other, _), .. } => vec![one, other],
            Session::ExpiredUncommitted(session) => vec![session],
            Session::ActsAfterItsEnd { txn, .. } => vec![txn.request.session],
            Session::NodeWithoutSession { node, .. }
            | Session::SessionWithoutNode { node, .. }
            | Session::NodeIsBack { node, .. }
            | Session::NodeStays { node, .. } => vec![node.owner],
            Session::OutOfOrder { request, later } => {
                return self.all(|txn| [request, later].contains(&txn.request));
            }
            Session::NameTwice { told: (one, _), before: (other, _) } => {
                return [one, other].into_iter().filter_map(|zxid| self.at(zxid, at)).collect();
            }
        };
        self.all(|txn| {
            sessions.contains(&txn.request.session)
                && matches!(txn.change, Change::CreateNode { .. } | Change::CloseSession { .. })
        })
    }

    fn of_protocol(&self, protocol: &Protocol, at: usize) -> Vec<Txn> {
        let zxid = match protocol {
            Protocol::NeverBroadcast(txn)
            | Protocol::OutOfOrder(txn)
            | Protocol::AppliedAfter { txn, .. } => return vec![*txn],
            Protocol::Disagreement { here, elsewhere } => return vec![*here, *elsewhere],
            Protocol::TwoLeaders { .. } => return Vec::new(),
            Protocol::BroadcastWithout { gap, .. }
            | Protocol::EstablishedWithout { gap, .. }
            | Protocol::ServesWithout { gap, .. }
            | Protocol::LogDiverges { gap, .. } => in_gap(*gap),
            Protocol::CommittedLate { zxid, .. } | Protocol::Packet { zxid, .. } => *zxid,
        };
        self.at(zxid, at).into_iter().collect()
    }

    /// The transaction of this zxid that was met last before this event.
    fn at(&self, zxid: Zxid, event: usize) -> Option<Txn> {
        let of_zxid = || self.met.iter().rev().filter(|(_, txn)| txn.zxid == zxid);
        let found = of_zxid().find(|(at, _)| *at <= event).or_else(|| of_zxid().next_back())?;
        Some(found.1)
    }

    /// The write that was requested, or the writes of the register that was read which have the value
    /// or the version of the answer.
    fn requested(&self, request: RequestId) -> Vec<Txn> {
        let asked = self.answers.iter().map(|(_, asked)| asked).find(|a| a.request == request);
        match asked.map(|asked| (asked.op, asked.outcome)) {
            Some((Op::Read { key }, Some(Outcome::Value { value, version, .. }))) => {
                self.all(|txn| match txn.change {
                    Change::Set { key: of, value: to, version: at } => {
                        of == key && (to == value || at == version)
                    }
                    _ => false,
                })
            }
            _ => self.all(|txn| txn.request == request),
        }
    }

    fn all(&self, is_it: impl Fn(&Txn) -> bool) -> Vec<Txn> {
        self.met.iter().map(|(_, txn)| *txn).filter(is_it).collect()
    }
}

const fn in_gap(gap: Gap) -> Zxid {
    match gap {
        Gap::Missing(zxid) | Gap::Extra(zxid) | Gap::Repeated(zxid) => zxid,
    }
}

fn zxids_on_disk(disk: &OnDisk) -> Vec<Zxid> {
    match disk {
        OnDisk::AcknowledgedEarly(zxid) | OnDisk::CommittedThin { zxid, .. } => vec![*zxid],
        OnDisk::NewLeaderEarly { gap, .. } => vec![in_gap(*gap)],
        OnDisk::VoteBeside { vote, disk } => vec![*vote.max(disk)],
        OnDisk::Hole { next, .. } => vec![*next],
        OnDisk::MemoryBesideDisk { .. }
        | OnDisk::RefusesToStart(_)
        | OnDisk::EndsAtEachStart { .. } => Vec::new(),
    }
}
