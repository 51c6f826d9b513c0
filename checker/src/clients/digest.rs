//! What clients saw, as far as verdicts depend on it.

use super::{Clients, OpenSync};
use zab_core::canonical::{Canonical, Sink};

impl Canonical for Clients {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { history, seen, open, syncs, last_reads: _, is_settled: _ } = self;
        for operation in history.operations() {
            sink.plain(operation);
        }
        // What came before what, without the times.
        for entry in history.entries() {
            sink.plain(&(entry.kind, entry.operation));
        }
        let mut seen = seen.clone();
        seen.sort_unstable();
        let mut open = open.clone();
        open.sort_unstable();
        sink.plain(&(seen, open));
        for OpenSync { request, node, epoch, committed } in syncs {
            sink.plain(&(request, node, epoch, committed));
        }
    }
}
