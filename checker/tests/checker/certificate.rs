//! The zxid certificate: each planted anomaly is found, and what ZooKeeper allows is not.

use crate::story::{K, request};
use zab_checker::History;
use zab_checker::certificate::{Clause, Contract, certify};
use zab_core::{Change, Op, Outcome, RequestId, Time, Txn, Zxid};

/// A history and the log that is claimed to explain it.
#[derive(Clone, Default)]
struct Claim {
    history: History,
    log: Vec<Txn>,
    now: u64,
}

/// ⟨1, c⟩ of the request: the c-th version.
fn logged(request: RequestId, counter: u32) -> Txn {
    let change = Change::Set { key: K, value: request.cxid, version: counter };
    Txn { zxid: Zxid::new(1, counter), request, change }
}

impl Claim {
    fn tick(&mut self) -> Time {
        self.now += 1;
        Time(self.now)
    }

    fn invoke(&mut self, request: RequestId, op: Op) -> &mut Self {
        let now = self.tick();
        self.history.invoke(now, request, op);
        self
    }

    fn ok(&mut self, request: RequestId, outcome: Outcome) -> &mut Self {
        let now = self.tick();
        self.history.complete(now, request, outcome);
        self
    }

    fn info(&mut self, request: RequestId) -> &mut Self {
        let now = self.tick();
        self.history.give_up(now, request);
        self
    }

    fn log(&mut self, request: RequestId, counter: u32) -> &mut Self {
        self.log.push(logged(request, counter));
        self
    }

    /// A write is invoked; its value is the request's number.
    fn writes(&mut self, request: RequestId) -> &mut Self {
        self.invoke(request, Op::Write { key: K, value: request.cxid })
    }

    fn written(&mut self, request: RequestId, counter: u32) -> &mut Self {
        let zxid = Zxid::new(1, counter);
        self.ok(request, Outcome::Written { zxid, version: counter })
    }

    /// A write from call to answer.
    fn write(&mut self, request: RequestId, counter: u32) -> &mut Self {
        self.writes(request).written(request, counter)
    }

    /// A read from call to answer: this value, as it is after ⟨1, counter⟩.
    fn read(&mut self, request: RequestId, value: u32, counter: u32) -> &mut Self {
        let position = Zxid::new(1, counter);
        self.invoke(request, Op::Read { key: K });
        self.ok(request, Outcome::Value { value, version: counter, position })
    }

    /// A `sync` from call to answer.
    fn sync(&mut self, request: RequestId, counter: u32) -> &mut Self {
        let position = Zxid::new(1, counter);
        self.invoke(request, Op::Sync).ok(request, Outcome::Synced { position })
    }

    fn clauses(&self, contract: Contract) -> Vec<Clause> {
        let mut clauses: Vec<_> =
            certify(&self.history, &self.log, contract).iter().map(|a| a.clause).collect();
        clauses.dedup();
        clauses
    }

    fn assert(&self, quorum: &[Clause], zookeeper: &[Clause]) {
        assert_eq!(self.clauses(Contract::Quorum), quorum);
        assert_eq!(self.clauses(Contract::ZooKeeper), zookeeper);
    }
}

/// Two writes by different sessions, answered one after the other.
fn two_writes() -> Claim {
    let mut claim = Claim::default();
    claim.write(request(1, 11), 1).write(request(2, 12), 2);
    claim.log(request(1, 11), 1).log(request(2, 12), 2);
    claim
}

#[test]
fn an_ordinary_history_is_explained() {
    let mut claim = two_writes();
    claim.read(request(3, 1), 11, 1).sync(request(3, 2), 2).read(request(3, 3), 12, 2);
    claim.assert(&[], &[]);
}

#[test]
fn a_plain_read_may_be_stale() {
    let mut claim = two_writes();
    claim.read(request(3, 1), 0, 0).read(request(3, 2), 11, 1);
    claim.assert(&[], &[]);
}

#[test]
fn a_write_that_timed_out_may_take_effect_later_or_never() {
    let mut claim = two_writes();
    claim.writes(request(3, 13)).info(request(3, 13)).writes(request(4, 14)).info(request(4, 14));
    claim.read(request(1, 15), 12, 2).log(request(4, 14), 3).read(request(1, 16), 14, 3);
    claim.assert(&[], &[]);
}

#[test]
fn lost_update() {
    let mut claim = two_writes();
    claim.log.pop();
    claim.assert(&[Clause::X1], &[Clause::X1]);
}

#[test]
fn a_read_of_what_was_lost() {
    let mut claim = two_writes();
    claim.writes(request(3, 13)).info(request(3, 13)).read(request(4, 1), 13, 3);
    claim.assert(&[Clause::V], &[Clause::V]);
}

#[test]
fn stale_read_after_sync() {
    let mut claim = two_writes();
    claim.sync(request(3, 1), 1).read(request(3, 2), 11, 1);
    claim.assert(&[Clause::L2], &[]);
}

#[test]
fn stale_read_some_time_after_sync() {
    let mut claim = two_writes();
    claim.sync(request(3, 1), 1).writes(request(3, 13)).info(request(3, 13));
    claim.read(request(3, 14), 11, 1);
    claim.assert(&[Clause::S3], &[]);
}

#[test]
fn a_linearizable_read_that_goes_back() {
    let mut claim = two_writes();
    claim.writes(request(3, 13)).log(request(3, 13), 3);
    claim.sync(request(4, 1), 3).read(request(4, 2), 13, 3);
    claim.sync(request(5, 1), 2).read(request(5, 2), 12, 2);
    claim.assert(&[Clause::L2], &[]);
}

#[test]
fn dirty_read() {
    let mut claim = two_writes();
    claim.read(request(3, 1), 99, 2);
    claim.assert(&[Clause::V], &[Clause::V]);
}

#[test]
fn a_read_that_shows_another_position_than_its_own() {
    let mut claim = two_writes();
    let value = Outcome::Value { value: 11, version: 1, position: Zxid::new(1, 2) };
    claim.invoke(request(3, 1), Op::Read { key: K }).ok(request(3, 1), value);
    claim.assert(&[Clause::V], &[Clause::V]);
}

#[test]
fn split_brain() {
    let mut claim = two_writes();
    let rival = request(3, 13);
    claim.writes(rival).written(rival, 2).log(rival, 2);
    let found = claim.clauses(Contract::ZooKeeper);
    assert!(found.contains(&Clause::L1), "one zxid for two updates: {found:?}");
}

#[test]
fn an_update_before_one_that_was_answered_earlier() {
    let mut claim = Claim::default();
    claim.write(request(1, 11), 2).write(request(2, 12), 1);
    claim.log(request(2, 12), 1).log(request(1, 11), 2);
    claim.assert(&[Clause::L1], &[Clause::L1]);
}

#[test]
fn reordered_session() {
    let mut claim = two_writes();
    claim.read(request(3, 1), 12, 2).read(request(3, 2), 11, 1);
    claim.assert(&[Clause::S1], &[Clause::S1]);
}

#[test]
fn future_read() {
    let mut claim = two_writes();
    claim.read(request(3, 1), 13, 3).write(request(4, 13), 3).log(request(4, 13), 3);
    claim.assert(&[Clause::X2], &[Clause::X2]);
}

#[test]
fn an_update_that_slips_in_before_a_linearizable_read() {
    let mut claim = two_writes();
    claim.writes(request(3, 13)).sync(request(5, 1), 4).read(request(5, 2), 13, 4);
    claim.write(request(4, 14), 3).log(request(4, 14), 3).log(request(3, 13), 4);
    claim.assert(&[Clause::L3], &[Clause::X2]);
}

#[test]
fn duplicate_apply() {
    let mut claim = two_writes();
    claim.log(request(1, 11), 3);
    let found = claim.clauses(Contract::ZooKeeper);
    assert!(found.contains(&Clause::X1), "{found:?}");
}

#[test]
fn a_write_that_nobody_was_told_of_takes_effect_once_at_most() {
    let mut claim = two_writes();
    claim.writes(request(3, 13)).info(request(3, 13)).log(request(3, 13), 3);
    claim.assert(&[], &[]);
    claim.log(request(3, 13), 4);
    claim.assert(&[Clause::X1], &[Clause::X1]);
}

#[test]
fn a_refused_write_that_took_effect() {
    let mut claim = two_writes();
    claim.writes(request(3, 13)).ok(request(3, 13), Outcome::Refused);
    claim.assert(&[], &[]);
    claim.log(request(3, 13), 3);
    claim.assert(&[Clause::X1], &[Clause::X1]);
}

#[test]
fn a_conditional_write_takes_effect_at_its_version_only() {
    let conditional = |version| Op::WriteIf { key: K, value: 13, version };
    let rejected = Txn { change: Change::Rejected, ..logged(request(3, 13), 3) };
    let answer = Outcome::BadVersion { zxid: rejected.zxid };
    let mut claim = two_writes();
    claim.log.push(rejected);
    let mut matching = claim.clone();
    claim.invoke(request(3, 13), conditional(1)).ok(request(3, 13), answer);
    claim.assert(&[], &[]);
    matching.invoke(request(3, 13), conditional(2)).ok(request(3, 13), answer);
    matching.assert(&[Clause::V], &[Clause::V]);
}
