//! The log writer, as far as it makes a difference.

use super::{AckTo, LogWriter};
use crate::canonical::{Canonical, Sink};

impl Canonical for LogWriter {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { queue, batch, flushing, ready, has_ended, is_leaked, appended_since_snapshot } =
            self;
        sink.plain(&(queue.len(), batch.len(), ready, has_ended, is_leaked));
        sink.plain(appended_since_snapshot);
        for (txn, ack) in queue {
            sink.plain(txn);
            ack.canonical(sink);
        }
        for (zxid, ack) in batch {
            sink.plain(zxid);
            ack.canonical(sink);
        }
        sink.plain(&flushing.is_some());
        flushing.iter().for_each(|lsn| sink.lsn(*lsn));
    }
}

impl Canonical for AckTo {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        match self {
            Self::Leader(conn) => sink.conn(*conn),
            Self::Myself => sink.plain(&u8::MAX),
        }
    }
}
