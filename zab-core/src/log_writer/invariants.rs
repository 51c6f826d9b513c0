//! What holds of the log writer.

use super::{AckTo, LogWriter};
use crate::durable::Durable;
use crate::event::File;
use crate::ids::Zxid;
use crate::invariants::{Checked, Invariant, require};

impl LogWriter {
    /// What does not hold, if anything. Two threads do not flush at once, and one that finds the file
    /// held waits until the other lets go.
    #[inline]
    pub(crate) fn check(&self, other: &Self, durable: &Durable) -> Checked {
        require(self.flush_has_a_batch(), Invariant::FlushHasABatch)?;
        require(!self.is_flushing() || !other.is_flushing(), Invariant::OneWriterFlushes)?;
        require(self.flush_is_awaited(durable), Invariant::FlushIsAwaited)?;
        require(self.has_a_turn() || other.is_flushing(), Invariant::LogWriterHasATurn)
    }

    #[inline]
    const fn flush_has_a_batch(&self) -> bool {
        self.flushing.is_some() != self.batch.is_empty()
    }

    #[inline]
    fn flush_is_awaited(&self, durable: &Durable) -> bool {
        self.flushing.is_none_or(|lsn| !durable.is_done(File::Log, lsn))
    }

    #[inline]
    fn has_a_turn(&self) -> bool {
        self.ready || self.queue.is_empty() || self.flushing.is_some()
    }

    /// Whether the batch is in the log, which nobody else appends to or cuts meanwhile.
    pub(crate) fn batch_is_logged(&self, durable: &Durable) -> bool {
        let logged = durable.log().iter().rev().map(|txn| txn.zxid);
        let batch = self.batch.iter().rev().map(|(zxid, _)| *zxid);
        batch.eq(logged.take(self.batch.len()))
    }

    /// Whether everything that waits is to be acknowledged in this way.
    pub(crate) fn acknowledges_only_to(&self, to: AckTo) -> bool {
        self.batch.iter().all(|(_, ack)| *ack == to) && self.queue.iter().all(|(_, ack)| *ack == to)
    }

    /// How many transactions wait to be appended or flushed.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.batch.len() + self.queue.len()
    }

    /// The zxids in the log and then in the queue, newest first.
    pub(crate) fn logged_or_queued<'a>(
        &'a self,
        durable: &'a Durable,
    ) -> impl Iterator<Item = Zxid> + 'a {
        let queued = self.queue.iter().rev().map(|(txn, _)| txn.zxid);
        queued.chain(durable.log().iter().rev().map(|txn| txn.zxid))
    }
}

/// Log writers that forget something.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, crate::Node)> {
    use crate::ids::Lsn;
    use crate::invariants::samples::{breaks, leading, looking, txn};

    let of = |invariant, how: fn(&mut LogWriter)| {
        breaks(invariant, leading(), |node| how(&mut node.server().writer))
    };
    vec![
        of(Invariant::FlushHasABatch, |writer| writer.flushing = None),
        of(Invariant::FlushHasABatch, |writer| writer.batch.clear()),
        breaks(Invariant::OneWriterFlushes, leading(), |node| {
            let server = node.server();
            server.leaked_writer = server.writer.clone();
        }),
        of(Invariant::FlushIsAwaited, |writer| writer.flushing = Some(Lsn(0))),
        breaks(Invariant::LogWriterHasATurn, looking(), |node| {
            node.server().writer.queue.push_back((txn(2, 1), AckTo::Myself));
        }),
    ]
}
