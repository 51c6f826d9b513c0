//! Evidence written by hand: a small language in which tests tell what happened.
//!
//! Each method is a sentence, and the events it stands for are the ones that a simulator would
//! produce. Nothing is corrected: a story may tell of things that a correct server never does.

use std::collections::BTreeMap;
use zab_checker::verdict::{Class, Verdict};
use zab_checker::{Checker, Event, Fact, Standard, Violation};
use zab_core::event::Note;
use zab_core::message::Vote;
use zab_core::{
    Change, DiskOp, Epoch, File, Key, Lsn, NodeId, Op, Outcome, Packet, Recovered, Replica,
    RequestId, SessionId, Span, Time, Txn, Zxid,
};

/// A register of its own for each test that does not care which.
pub(crate) const K: Key = Key(0);

/// The transaction ⟨e, c⟩: the request of that number writes 100 e + c, as the c-th version.
pub(crate) fn txn(epoch: u32, counter: u32) -> Txn {
    set(epoch, counter, 100 * epoch + counter, counter)
}

/// The transaction ⟨e, c⟩ that writes this value and version, for the request of that number.
pub(crate) fn set(epoch: u32, counter: u32, value: u32, version: u32) -> Txn {
    let change = Change::Set { key: K, value, version };
    Txn { zxid: Zxid::new(epoch, counter), request: request(9, value), change }
}

/// A request of a session.
pub(crate) fn request(session: u16, cxid: u32) -> RequestId {
    RequestId { session: SessionId(session), cxid }
}

/// What happened, and the judge who listens.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) checker: Checker,
    now: u64,
    lsn: BTreeMap<u8, u64>,
    memory: BTreeMap<u8, Replica>,
}

impl Story {
    /// An ensemble of this many servers, none of which has started.
    pub(crate) fn new(servers: u8) -> Self {
        let (lsn, memory) = (BTreeMap::new(), BTreeMap::new());
        Self { checker: Checker::new(servers, Standard::Strict), now: 0, lsn, memory }
    }

    /// The same story, continued differently.
    pub(crate) fn fork(&self) -> Self {
        self.clone()
    }

    /// Any fact at a server.
    pub(crate) fn fact(&mut self, server: u8, fact: Fact) -> &mut Self {
        self.tell(Some(NodeId(server)), fact)
    }

    /// Any fact about the ensemble.
    pub(crate) fn world(&mut self, fact: Fact) -> &mut Self {
        self.tell(None, fact)
    }

    fn tell(&mut self, node: Option<NodeId>, fact: Fact) -> &mut Self {
        self.now += 1;
        self.checker.observe(&Event { at: Time(self.now), node, fact });
        self
    }

    /// Any note of a server.
    pub(crate) fn note(&mut self, server: u8, note: Note) -> &mut Self {
        self.fact(server, Fact::Noted(note))
    }

    /// What the server has in memory.
    pub(crate) fn replica(&self, server: u8) -> Replica {
        self.memory.get(&server).copied().unwrap_or_default()
    }

    /// A process starts at each of three servers, and finds an empty disk.
    pub(crate) fn of_three() -> Self {
        let mut story = Self::new(3);
        story.starts(0, &[]).starts(1, &[]).starts(2, &[]);
        story
    }

    /// A process starts, finds this log, and loads it.
    pub(crate) fn starts(&mut self, server: u8, log: &[Txn]) -> &mut Self {
        self.starts_from(server, Replica::default(), log)
    }

    /// A process starts, finds this snapshot and this log, and loads them.
    pub(crate) fn starts_from(&mut self, server: u8, snapshot: Replica, log: &[Txn]) -> &mut Self {
        let log = log.to_vec();
        let mut memory = snapshot;
        let after = log.iter().filter(|txn| txn.zxid > snapshot.last_processed);
        after.for_each(|txn| memory.apply(txn));
        let recovered = Recovered { snapshots: vec![snapshot], log, ..Recovered::default() };
        self.fact(server, Fact::Started(Box::new(recovered))).loads(server, memory)
    }

    /// Memory is replaced.
    pub(crate) fn loads(&mut self, server: u8, memory: Replica) -> &mut Self {
        self.memory.insert(server, memory);
        let (last_zxid, digest) = (memory.last_processed, memory.digest);
        self.note(server, Note::MemoryReplaced { last_zxid, digest })
    }

    /// The server votes for itself with this zxid.
    pub(crate) fn votes(&mut self, server: u8, zxid: Zxid) -> &mut Self {
        let vote = Vote { leader: NodeId(server), zxid, peer_epoch: zxid.epoch };
        self.note(server, Note::Looking { vote, round: 1 })
    }

    /// A quorum promises this epoch to the server.
    pub(crate) fn leads(&mut self, server: u8, epoch: u32) -> &mut Self {
        self.note(server, Note::InitialHistory { epoch: Epoch(epoch) })
    }

    /// A leader promises an epoch to itself, on disk, and proposes it to these learners, who promise
    /// it as well. The epoch begins.
    pub(crate) fn begins(&mut self, leader: u8, epoch: u32, learners: &[u8]) -> &mut Self {
        self.writes_epoch(leader, DiskOp::AcceptedEpoch(Epoch(epoch)));
        for learner in learners {
            self.sends(leader, *learner, Packet::LeaderInfo { epoch: Epoch(epoch) });
            self.writes_epoch(*learner, DiskOp::AcceptedEpoch(Epoch(epoch)));
            self.promises(*learner, leader);
        }
        self.leads(leader, epoch).writes_epoch(leader, DiskOp::CurrentEpoch(Epoch(epoch)))
    }

    /// The same, and these learners acknowledge NEWLEADER: the epoch is established.
    pub(crate) fn establishes_with(
        &mut self,
        leader: u8,
        epoch: u32,
        learners: &[u8],
    ) -> &mut Self {
        self.begins(leader, epoch, learners);
        for learner in learners {
            self.acks_new_leader(*learner, leader, epoch);
        }
        self.establishes(leader, epoch)
    }

    /// An epoch file is written, and is durable.
    pub(crate) fn writes_epoch(&mut self, server: u8, op: DiskOp) -> &mut Self {
        let file = op.file();
        self.asks_disk(server, op).disk_done(server, file)
    }

    /// The server writes `currentEpoch` and acknowledges NEWLEADER.
    pub(crate) fn acks_new_leader(&mut self, server: u8, leader: u8, epoch: u32) -> &mut Self {
        self.writes_epoch(server, DiskOp::CurrentEpoch(Epoch(epoch)));
        self.acks(server, leader, Zxid::new(epoch, 0))
    }

    /// The server leaves its role, empties its log and its memory.
    pub(crate) fn cuts(&mut self, server: u8) -> &mut Self {
        self.note(server, Note::SteppedDown);
        self.asks_disk(server, DiskOp::Truncate(Zxid::ZERO)).flushes(server);
        self.loads(server, Replica::default())
    }

    /// Every fault is healed, and service is back.
    pub(crate) fn settles(&mut self) -> &mut Self {
        self.world(Fact::Healed).world(Fact::Available { after: Span(1) })
    }

    /// A quorum acknowledges NEWLEADER.
    pub(crate) fn establishes(&mut self, server: u8, epoch: u32) -> &mut Self {
        self.note(server, Note::Established { epoch: Epoch(epoch) });
        self.memory.entry(server).or_default().last_processed = Zxid::new(epoch, 0);
        self
    }

    /// The server promises an epoch to a leader.
    pub(crate) fn promises(&mut self, server: u8, leader: u8) -> &mut Self {
        let last_zxid = self.replica(server).last_processed;
        let packet = Packet::AckEpoch { current_epoch: Some(Epoch(0)), last_zxid };
        self.sends(server, leader, packet)
    }

    /// A packet is sent.
    pub(crate) fn sends(&mut self, server: u8, to: u8, packet: Packet) -> &mut Self {
        self.fact(server, Fact::Sent { to: NodeId(to), packet })
    }

    /// The server acknowledges a proposal, or with ⟨e, 0⟩ NEWLEADER.
    pub(crate) fn acks(&mut self, server: u8, leader: u8, zxid: Zxid) -> &mut Self {
        self.sends(server, leader, Packet::Ack(zxid))
    }

    /// UPTODATE is processed.
    pub(crate) fn serves(&mut self, server: u8, epoch: u32) -> &mut Self {
        self.note(server, Note::Serving { epoch: Epoch(epoch) })
    }

    /// A whole synchronization that brings nothing: promise, acknowledgement, UPTODATE.
    pub(crate) fn follows(&mut self, server: u8, leader: u8, epoch: u32) -> &mut Self {
        self.sends(leader, server, Packet::LeaderInfo { epoch: Epoch(epoch) });
        self.writes_epoch(server, DiskOp::AcceptedEpoch(Epoch(epoch)));
        self.promises(server, leader).acks_new_leader(server, leader, epoch).serves(server, epoch)
    }

    /// The disk is asked for an operation.
    pub(crate) fn asks_disk(&mut self, server: u8, op: DiskOp) -> &mut Self {
        let lsn = self.lsn.entry(server).or_default();
        *lsn += 1;
        let lsn = Lsn(*lsn);
        self.fact(server, Fact::DiskAsked { lsn, op })
    }

    /// A transaction is appended, not flushed.
    pub(crate) fn appends(&mut self, server: u8, txn: Txn) -> &mut Self {
        self.asks_disk(server, DiskOp::Append(txn))
    }

    /// A transaction is appended and is durable.
    pub(crate) fn logs(&mut self, server: u8, txn: Txn) -> &mut Self {
        self.appends(server, txn).flushes(server)
    }

    /// The log is flushed.
    pub(crate) fn flushes(&mut self, server: u8) -> &mut Self {
        self.asks_disk(server, DiskOp::Flush).disk_done(server, File::Log)
    }

    /// Everything asked of a file is durable.
    pub(crate) fn disk_done(&mut self, server: u8, file: File) -> &mut Self {
        let upto = Lsn(self.lsn.get(&server).copied().unwrap_or(0));
        self.fact(server, Fact::DiskDone { file, upto })
    }

    /// A leader proposes.
    pub(crate) fn proposes(&mut self, leader: u8, txn: Txn) -> &mut Self {
        self.note(leader, Note::Proposed(txn))
    }

    /// A leader commits.
    pub(crate) fn commits(&mut self, leader: u8, zxid: Zxid) -> &mut Self {
        self.note(leader, Note::Committed(zxid))
    }

    /// A transaction is applied to memory.
    pub(crate) fn delivers(&mut self, server: u8, txn: Txn) -> &mut Self {
        self.memory.entry(server).or_default().apply(&txn);
        self.fact(server, Fact::Delivered(txn))
    }

    /// A leader broadcasts a transaction, and it is durable at these servers.
    pub(crate) fn broadcasts(&mut self, leader: u8, txn: Txn, holders: &[u8]) -> &mut Self {
        self.proposes(leader, txn);
        for server in holders {
            self.logs(*server, txn);
        }
        self
    }

    /// The process is killed; its disk keeps all that was asked for.
    pub(crate) fn is_killed(&mut self, server: u8) -> &mut Self {
        self.memory.remove(&server);
        self.fact(server, Fact::Crashed { power_loss: false })
    }

    /// The server loses its power.
    pub(crate) fn loses_power(&mut self, server: u8) -> &mut Self {
        self.memory.remove(&server);
        self.fact(server, Fact::Crashed { power_loss: true })
    }

    /// A client asks.
    pub(crate) fn asks(&mut self, server: u8, request: RequestId, op: Op) -> &mut Self {
        self.fact(server, Fact::Invoked { request, op })
    }

    /// A client asks for the write that this transaction carries out.
    pub(crate) fn asks_for(&mut self, server: u8, txn: Txn) -> &mut Self {
        let Change::Set { key, value, .. } = txn.change else { panic!("not a write: {txn}") };
        self.asks(server, txn.request, Op::Write { key, value })
    }

    /// The client learns that the write of this transaction is committed.
    pub(crate) fn tells_of(&mut self, server: u8, txn: Txn) -> &mut Self {
        let Change::Set { version, .. } = txn.change else { panic!("not a write: {txn}") };
        let outcome = Outcome::Written { zxid: txn.zxid, version };
        self.answers(server, txn.request, outcome)
    }

    /// A client is answered.
    pub(crate) fn answers(
        &mut self,
        server: u8,
        request: RequestId,
        outcome: Outcome,
    ) -> &mut Self {
        self.fact(server, Fact::Returned { request, outcome })
    }

    /// A client reads from the server's memory.
    pub(crate) fn reads(&mut self, server: u8, request: RequestId) -> &mut Self {
        let Replica { registers, last_processed: position, .. } = self.replica(server);
        let (value, version) = (registers[K.index()].value, registers[K.index()].version);
        self.asks(server, request, Op::Read { key: K });
        self.answers(server, request, Outcome::Value { value, version, position })
    }

    /// The server is at rest.
    pub(crate) fn rests(&mut self, server: u8) -> &mut Self {
        self.fact(server, Fact::AtRest(Box::new(self.replica(server))))
    }

    /// Every class that is broken, gravest first, the end of the execution included; without the
    /// promises of the epoch files, which most stories leave out ([`Story::broken_promises`]).
    pub(crate) fn broken(&mut self) -> Vec<Class> {
        let (_, classes) = self.all_broken().into_iter().partition(is_promise);
        classes
    }

    /// The promises of epoch files that are broken.
    pub(crate) fn broken_promises(&mut self) -> Vec<Class> {
        self.all_broken().into_iter().filter(is_promise).collect()
    }

    fn all_broken(&mut self) -> Vec<Class> {
        let verdict = self.checker.finish();
        let classes: Vec<_> = self.checker.violations().map(|v| v.class).collect();
        assert_eq!(verdict.class(), classes.first().copied());
        assert_eq!(verdict == Verdict::Valid, classes.is_empty(), "{verdict:?}");
        classes
    }

    /// The gravest violation, the end of the execution included.
    pub(crate) fn verdict(&mut self) -> Violation {
        match self.checker.finish() {
            Verdict::Violation(violation) => violation,
            other => panic!("{other:?}"),
        }
    }

    /// What was found, for the message of a failed assertion.
    pub(crate) fn findings(&self) -> Vec<String> {
        self.checker.violations().map(ToString::to_string).collect()
    }
}

const fn is_promise(class: &Class) -> bool {
    matches!(class, Class::P1 | Class::P2 | Class::P3 | Class::P4 | Class::P5 | Class::P6)
}

/// Exactly these classes are broken, gravest first.
pub(crate) fn assert_broken(story: &mut Story, classes: &[Class]) {
    assert_eq!(story.broken(), classes, "{:#?}", story.findings());
}
