//! A machine as far as it makes a difference.

use super::Machine;

use zab_core::canonical::{Canonical, Sink};
use zab_core::{File, Lsn};

impl Machine {
    /// The operations that the running process waits for, in order.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = Lsn> {
        self.disk.awaited()
    }

    /// Whether this operation flushes what is durable already.
    pub(crate) fn has_nothing_to_do(&self, file: File, lsn: Lsn) -> bool {
        self.disk.has_nothing_to_do(file, lsn)
    }

    /// How many operations of one file, at most, a power loss may take.
    pub(crate) fn at_risk(&self) -> usize {
        self.disk.at_risk()
    }
}

impl Canonical for Machine {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { id: _, disk, clock: _, stalls, errors, up, powered, life: _, refused, release } =
            self;
        sink.plain(&(stalls, errors, up, powered, refused, release));
        disk.canonical(sink);
    }
}
