//! A disk as far as it makes a difference: operations are known by their place.

use super::{SimDisk, Stage, Write};
use zab_core::Lsn;
use zab_core::canonical::{Canonical, Sink};

impl SimDisk {
    /// The operations that the running process waits for, file by file, in order.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = Lsn> {
        let writes = self.writes.iter().flatten();
        writes.filter(|write| write.stage == Stage::Asked).map(|write| write.lsn)
    }

    /// How many operations of one file, at most, a power loss may take.
    pub(crate) fn at_risk(&self) -> usize {
        let is_at_risk = |write: &&Write| {
            write.stage != Stage::Durable
                && write.stage != Stage::Buffered
                && !super::is_flush(&write.op)
        };
        let files = self.writes.iter();
        files.map(|queue| queue.iter().filter(is_at_risk).count()).max().unwrap_or(0)
    }
}

impl Canonical for SimDisk {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { durable, writes, directories } = self;
        sink.plain(&(durable, directories));
        for queue in writes {
            sink.plain(&queue.len());
            for Write { lsn: _, op, stage } in queue {
                sink.plain(&(op, stage));
            }
        }
    }
}
