//! The log writer: ZooKeeper's `SyncRequestProcessor`, an actor of its own.
//!
//! It takes everything that is queued, appends it, asks for one flush (group commit), and only
//! when the disk reports that flush are the transactions acknowledged. Between queue and flush a
//! transaction exists in memory only: ZOOKEEPER-4646 is about nothing else.
//!
//! A role that nobody shuts down properly leaves its thread behind (ZOOKEEPER-4712), beside that of
//! the next one. Each has its own queue and flushes its own batch; both go through one
//! `FileTxnLog`, whose `append` and `commit` are `synchronized`: while one of them flushes, the other
//! appends nothing.

mod canonical;
pub(crate) mod invariants;

use crate::durable::Durable;
use crate::event::{Actor, File, Output};
use crate::ids::{ConnId, Lsn, Zxid};
use crate::txn::Txn;
use std::collections::VecDeque;

/// Whom to tell when a transaction is durable.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AckTo {
    /// The leader behind this connection (`SendAckRequestProcessor`).
    Leader(ConnId),
    /// This server, which leads (`AckRequestProcessor`).
    Myself,
}

/// Queue, batch and flush.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct LogWriter {
    queue: VecDeque<(Txn, AckTo)>,
    /// What the flush in progress will acknowledge.
    batch: Vec<(Zxid, AckTo)>,
    flushing: Option<Lsn>,
    ready: bool,
    /// The thread has ended with an exception; nobody takes what is queued.
    has_ended: bool,
    /// The role is gone that it was started for.
    is_leaked: bool,
    appended_since_snapshot: u32,
}

impl LogWriter {
    /// Queues a transaction for logging. Nobody takes it if the thread has ended.
    pub(crate) fn enqueue(&mut self, txn: Txn, ack: AckTo, out: &mut Vec<Output>) {
        if !self.has_ended {
            self.queue.push_back((txn, ack));
            self.ask_for_turn(out);
        }
    }

    /// Appends all that is queued and asks for the flush, unless another thread flushes the file.
    pub(crate) fn on_turn(&mut self, other: &Self, durable: &mut Durable, out: &mut Vec<Output>) {
        self.ready = false;
        if self.flushing.is_some() || self.queue.is_empty() || other.is_flushing() {
            return;
        }
        for (txn, ack) in self.queue.drain(..) {
            durable.append(txn, out);
            self.batch.push((txn.zxid, ack));
            self.appended_since_snapshot += 1;
        }
        self.flushing = Some(durable.flush(out));
    }

    /// When the flush is done: hands out what to acknowledge, in order.
    pub(crate) fn take_flushed(
        &mut self,
        durable: &Durable,
        out: &mut Vec<Output>,
    ) -> Vec<(Zxid, AckTo)> {
        if !self.flushing.is_some_and(|lsn| durable.is_done(File::Log, lsn)) {
            return Vec::new();
        }
        self.flushing = None;
        self.ask_for_turn(out);
        std::mem::take(&mut self.batch)
    }

    /// The other thread has flushed the file, or has ended.
    pub(crate) fn go_on(&mut self, out: &mut Vec<Output>) {
        self.ask_for_turn(out);
    }

    /// The threads that roles leave behind are one: what the earlier one has queued comes first.
    /// Returns the thread that the next role starts with.
    pub(crate) fn leak(self, leaked: &mut Self, out: &mut Vec<Output>) -> Self {
        let next =
            Self { appended_since_snapshot: self.appended_since_snapshot, ..Self::default() };
        assert!(!self.is_flushing() || !leaked.is_flushing(), "only one thread flushes the file");
        leaked.queue.extend(self.queue);
        leaked.batch.extend(self.batch);
        leaked.flushing = leaked.flushing.or(self.flushing);
        (leaked.is_leaked, leaked.has_ended) = (true, false);
        leaked.ask_for_turn(out);
        next
    }

    /// Records are counted per database, whichever thread appended them (`ZKDatabase.getTxnCount`).
    pub(crate) fn count_those_of(&mut self, leaked: &mut Self) {
        self.appended_since_snapshot += std::mem::take(&mut leaked.appended_since_snapshot);
    }

    /// Whether a snapshot is due (`snapCount`); the count begins again if so.
    pub(crate) fn is_snapshot_due(&mut self, every: u32) -> bool {
        let due = self.appended_since_snapshot >= every;
        if due {
            self.appended_since_snapshot = 0;
        }
        due
    }

    /// Whether nothing is queued and no flush is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.flushing.is_none()
    }

    /// How many transactions wait to be appended.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether a flush is in progress.
    pub(crate) const fn is_flushing(&self) -> bool {
        self.flushing.is_some()
    }

    /// Whether this is the flush that it waits for.
    pub(crate) fn awaits(&self, lsn: Lsn) -> bool {
        self.flushing == Some(lsn)
    }

    /// Whether the thread has ended with an exception.
    pub(crate) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Its flush failed: the thread ends, and what waits in the queue is never logged
    /// (`ZooKeeperCriticalThread.handleException`).
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
        self.queue.clear();
        self.batch.clear();
        self.flushing = None;
    }

    /// The thread ends, but somebody takes over what it could not flush: this is the new flush.
    pub(crate) fn end_and_await(&mut self, flush: Lsn) {
        let batch = std::mem::take(&mut self.batch);
        self.end();
        self.batch = batch;
        self.flushing = Some(flush);
    }

    /// The next role has a thread of its own.
    pub(crate) fn begin_again(&mut self) {
        self.has_ended = false;
    }

    fn ask_for_turn(&mut self, out: &mut Vec<Output>) {
        if !self.ready && self.flushing.is_none() && !self.queue.is_empty() {
            self.ready = true;
            out.push(Output::Ready(match self.is_leaked {
                false => Actor::LogWriter,
                true => Actor::LeakedLogWriter,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::samples::txn;

    #[test]
    fn a_batch_is_acknowledged_by_its_own_flush_and_no_other() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let mut writer = LogWriter::default();
        let txn = txn(1, 1);
        let earlier = durable.flush(&mut out);
        writer.enqueue(txn, AckTo::Myself, &mut out);
        writer.on_turn(&LogWriter::default(), &mut durable, &mut out);
        durable.on_done(File::Log, earlier);
        assert_eq!(writer.take_flushed(&durable, &mut out), []);
        assert!(!writer.is_idle());
        let own = durable.flush(&mut out);
        durable.on_done(File::Log, own);
        assert_eq!(writer.take_flushed(&durable, &mut out), [(txn.zxid, AckTo::Myself)]);
        assert!(writer.is_idle());
    }

    #[test]
    fn a_turn_is_asked_for_once_and_never_during_a_flush() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let mut writer = LogWriter::default();
        let turns = |out: &[Output]| {
            let is_turn = |output: &&Output| matches!(output, Output::Ready(Actor::LogWriter));
            out.iter().filter(is_turn).count()
        };
        writer.enqueue(txn(1, 1), AckTo::Myself, &mut out);
        writer.enqueue(txn(1, 2), AckTo::Myself, &mut out);
        assert_eq!(turns(&out), 1, "one turn takes both");
        writer.on_turn(&LogWriter::default(), &mut durable, &mut out);
        writer.enqueue(txn(1, 3), AckTo::Myself, &mut out);
        assert_eq!(turns(&out), 1, "it waits for the flush");
        let asked = out.len();
        writer.on_turn(&LogWriter::default(), &mut durable, &mut out);
        assert_eq!(out.len(), asked, "even if somebody gives it a turn");
        let done = durable.flush(&mut out);
        durable.on_done(File::Log, done);
        writer.take_flushed(&durable, &mut out);
        assert_eq!(turns(&out), 2, "now there is something to do");
    }

    fn zxids(durable: &Durable) -> Vec<Zxid> {
        durable.log().iter().map(|txn| txn.zxid).collect()
    }

    #[test]
    fn a_leaked_thread_appends_after_what_the_next_one_appended_and_keeps_its_own_queue() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let (mut writer, mut leaked) = (LogWriter::default(), LogWriter::default());
        writer.enqueue(txn(1, 2), AckTo::Myself, &mut out);
        writer = writer.leak(&mut leaked, &mut out);
        assert!(writer.is_idle() && leaked.queued() == 1);
        assert_eq!(out, [Actor::LogWriter, Actor::LeakedLogWriter].map(Output::Ready));
        writer.enqueue(txn(2, 1), AckTo::Myself, &mut out);
        writer.on_turn(&leaked, &mut durable, &mut out);
        leaked.on_turn(&writer, &mut durable, &mut out);
        assert_eq!(zxids(&durable), [Zxid::new(2, 1)], "the file is being flushed");
        let flush = durable.flush(&mut out);
        durable.on_done(File::Log, flush);
        assert_eq!(writer.take_flushed(&durable, &mut out).len(), 1);
        leaked.go_on(&mut out);
        assert_eq!(out.last(), Some(&Output::Ready(Actor::LeakedLogWriter)));
        leaked.on_turn(&writer, &mut durable, &mut out);
        assert_eq!(zxids(&durable), [Zxid::new(2, 1), Zxid::new(1, 2)]);
    }

    #[test]
    fn a_thread_that_is_leaked_while_it_flushes_holds_the_file_until_that_is_done() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let (mut writer, mut leaked) = (LogWriter::default(), LogWriter::default());
        writer.enqueue(txn(1, 1), AckTo::Myself, &mut out);
        writer.on_turn(&leaked, &mut durable, &mut out);
        writer.enqueue(txn(1, 2), AckTo::Myself, &mut out);
        writer = writer.leak(&mut leaked, &mut out);
        writer.enqueue(txn(2, 1), AckTo::Myself, &mut out);
        writer.on_turn(&leaked, &mut durable, &mut out);
        assert_eq!(zxids(&durable), [Zxid::new(1, 1)]);
        let flush = durable.flush(&mut out);
        durable.on_done(File::Log, flush);
        assert_eq!(leaked.take_flushed(&durable, &mut out), [(Zxid::new(1, 1), AckTo::Myself)]);
        leaked.on_turn(&writer, &mut durable, &mut out);
        assert_eq!(zxids(&durable), [Zxid::new(1, 1), Zxid::new(1, 2)]);
    }

    #[test]
    fn a_snapshot_is_due_after_that_many_records() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let mut writer = LogWriter::default();
        for counter in 1..=3 {
            assert!(!writer.is_snapshot_due(3), "{counter}");
            writer.enqueue(txn(1, counter), AckTo::Myself, &mut out);
            writer.on_turn(&LogWriter::default(), &mut durable, &mut out);
            let done = durable.flush(&mut out);
            durable.on_done(File::Log, done);
            writer.take_flushed(&durable, &mut out);
        }
        assert!(writer.is_snapshot_due(3));
        assert!(!writer.is_snapshot_due(3), "it counts from there");
    }

    #[test]
    fn records_are_counted_whichever_thread_appends_them_and_across_roles() {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let (mut writer, mut leaked) = (LogWriter::default(), LogWriter::default());
        let mut flush = |writer: &mut LogWriter, other: &LogWriter, durable: &mut Durable| {
            writer.on_turn(other, durable, &mut out);
            let done = durable.flush(&mut out);
            assert!(writer.is_flushing() && !writer.awaits(done), "it waits for its own");
            durable.on_done(File::Log, done);
            writer.take_flushed(durable, &mut out);
        };
        let mut sink = Vec::new();
        writer.enqueue(txn(1, 1), AckTo::Myself, &mut sink);
        flush(&mut writer, &leaked, &mut durable);
        writer.enqueue(txn(1, 2), AckTo::Myself, &mut sink);
        writer = writer.leak(&mut leaked, &mut sink);
        writer.enqueue(txn(1, 3), AckTo::Myself, &mut sink);
        flush(&mut writer, &leaked, &mut durable);
        flush(&mut leaked, &writer, &mut durable);
        writer.count_those_of(&mut leaked);
        assert!(!writer.clone().is_snapshot_due(4) && writer.is_snapshot_due(3));
    }
}
