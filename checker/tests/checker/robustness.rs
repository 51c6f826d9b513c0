//! Whatever the evidence says, the checker continues: a broken variant breaks more than one rule.

use crate::story::{Story, request, txn};
use zab_checker::{Checker, Class, Event, Fact, Standard, Verdict};
use zab_core::event::{Breach, ExitReason, Note};
use zab_core::message::Vote;
use zab_core::{
    Digest, DiskError, DiskOp, Epoch, File, Key, Lsn, NodeId, Op, Outcome, Packet, Recovered,
    Replica, Span, Time, Zxid,
};

/// A stream of numbers: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % limit
    }

    fn small(&mut self) -> u32 {
        match self.below(16) {
            0 => u32::MAX,
            _ => self.below(4) as u32,
        }
    }

    fn zxid(&mut self) -> Zxid {
        Zxid::new(self.small(), self.small())
    }

    fn txn(&mut self) -> zab_core::Txn {
        let version = self.small();
        let mut txn = txn(1, 1);
        txn.zxid = self.zxid();
        txn.request = request(self.below(3) as u16, version);
        txn
    }

    fn replica(&mut self) -> Replica {
        let mut replica = Replica::default();
        (0..self.below(3)).for_each(|_| replica.apply(&self.txn()));
        replica
    }

    fn note(&mut self) -> Note {
        let (epoch, zxid) = (Epoch(self.small()), self.zxid());
        match self.below(11) {
            0 => {
                let vote = Vote { leader: NodeId(0), zxid, peer_epoch: epoch };
                Note::Looking { vote, round: 1 }
            }
            1 => Note::Elected { leader: NodeId(self.below(9) as u8), round: 1 },
            2 => Note::InitialHistory { epoch },
            3 => Note::Established { epoch },
            4 | 5 => Note::Proposed(self.txn()),
            6 => Note::Committed(zxid),
            7 => Note::Serving { epoch },
            8 => Note::SteppedDown,
            9 => {
                let Replica { last_processed, digest, .. } = self.replica();
                let digest = if self.below(4) == 0 { Digest(self.below(9)) } else { digest };
                Note::MemoryReplaced { last_zxid: last_processed, digest }
            }
            _ => Note::Breached { breach: Breach::BadCommit, zxid },
        }
    }

    fn disk_op(&mut self) -> DiskOp {
        match self.below(9) {
            0 | 1 => DiskOp::Append(self.txn()),
            5 => DiskOp::AcceptedEpoch(Epoch(self.small())),
            6 => DiskOp::CurrentEpoch(Epoch(self.small())),
            2 => DiskOp::Truncate(self.zxid()),
            3 => DiskOp::Snapshot(Box::new(self.replica())),
            7 => DiskOp::WriteSnapshot(Box::new(self.replica())),
            8 => DiskOp::EmptySnapshot(self.zxid()),
            _ => DiskOp::DropSnapshotsAfter(self.zxid()),
        }
    }

    fn outcome(&mut self) -> Outcome {
        let (zxid, version) = (self.zxid(), self.small());
        match self.below(5) {
            0 => Outcome::Written { zxid, version },
            1 => Outcome::BadVersion { zxid },
            2 => Outcome::Value { value: version, version, position: zxid },
            3 => Outcome::Synced { position: zxid },
            _ => Outcome::Refused,
        }
    }

    fn fact(&mut self) -> Fact {
        let file = File::ALL[self.below(4) as usize];
        let lsn = Lsn(self.below(99));
        let request = request(self.below(3) as u16, self.small());
        let op = match self.below(4) {
            0 => Op::Read { key: Key(0) },
            1 => Op::Sync,
            2 => Op::WriteIf { key: Key(0), value: 1, version: self.small() },
            _ => Op::Write { key: Key(0), value: 1 },
        };
        match self.below(20) {
            0 => {
                let (snapshots, log) = (vec![self.replica()], vec![self.txn(), self.txn()]);
                Fact::Started(Box::new(Recovered { snapshots, log, ..Recovered::default() }))
            }
            1 => Fact::Crashed { power_loss: self.below(2) == 0 },
            2 => Fact::Exited(ExitReason::UnmatchedCommit),
            3 | 4 => Fact::DiskAsked { lsn, op: self.disk_op() },
            5 => Fact::DiskDone { file, upto: lsn },
            6 => {
                let error =
                    [DiskError::Write, DiskError::Flush, DiskError::Header, DiskError::Open]
                        [self.below(4) as usize];
                Fact::DiskFailed { file, lsn, error }
            }
            7 => Fact::Sent { to: NodeId(self.below(9) as u8), packet: Packet::Ack(self.zxid()) },
            8 => {
                let current_epoch = Some(Epoch(self.small())).filter(|epoch| epoch.0 > 0);
                let last_zxid = self.zxid();
                let packet = Packet::AckEpoch { current_epoch, last_zxid };
                Fact::Sent { to: NodeId(self.below(9) as u8), packet }
            }
            9 => Fact::Delivered(self.txn()),
            10 => Fact::Invoked { request, op },
            11 => Fact::Returned { request, outcome: self.outcome() },
            12 => Fact::AtRest(Box::new(self.replica())),
            13 => Fact::Healed,
            14 => Fact::Available { after: Span(1) },
            15 => Fact::Unavailable { bound: Span(1), excuse: None },
            16 => {
                let packet = Packet::LeaderInfo { epoch: Epoch(self.small()) };
                Fact::Sent { to: NodeId(self.below(9) as u8), packet }
            }
            _ => Fact::Noted(self.note()),
        }
    }
}

#[test]
fn arbitrary_evidence_is_judged_without_a_panic() {
    for seed in 0..3000 {
        let mut numbers = Numbers(seed);
        let mut checker = Checker::new(1 + numbers.below(7) as u8, Standard::Strict);
        for at in 0..150 {
            let node = Some(numbers.below(9)).filter(|n| *n < 8).map(|n| NodeId(n as u8));
            checker.observe(&Event { at: Time(at), node, fact: numbers.fact() });
        }
        let verdict = checker.finish();
        assert_eq!(verdict.class(), checker.violations().next().map(|v| v.class));
        let found = checker.violations().count();
        assert_eq!(checker.finish(), verdict, "to ask twice changes nothing");
        assert_eq!(checker.violations().count(), found);
    }
}

#[test]
fn memory_that_a_server_loads_from_a_log_that_nobody_delivered_is_recognized() {
    let log = [txn(1, 1), txn(1, 2), txn(1, 3)];
    let mut story = Story::new(3);
    story.starts(0, &[]).leads(0, 1);
    for txn in log {
        story.proposes(0, txn).logs(1, txn);
    }
    let mut memory = Replica::default();
    log[..2].iter().for_each(|txn| memory.apply(txn));
    story.loads(1, memory).serves(1, 1).delivers(1, txn(1, 3));
    assert_eq!(story.broken(), [], "{:#?}", story.findings());
}

#[test]
fn what_began_before_the_evidence_is_not_vouched_for() {
    let mut state = Replica::default();
    state.apply(&txn(1, 1));
    let mut story = Story::new(3);
    story.starts_from(0, state, &[]).starts(1, &[]).establishes_with(0, 2, &[1]);
    assert!(matches!(story.checker.finish(), Verdict::Unknown(_)));
    story.establishes_with(1, 2, &[]);
    assert_eq!(story.checker.finish().class(), Some(Class::I1), "a violation is one all the same");
}
