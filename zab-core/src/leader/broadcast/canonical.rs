//! What a leader has proposed and committed, as far as it makes a difference.

use super::Broadcast;
use crate::canonical::{Canonical, Sink};

impl Canonical for Broadcast {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            last_proposed,
            last_committed,
            outstanding,
            to_be_applied,
            pending_syncs,
            prepared,
            prepared_locks,
            sessions,
        } = self;
        sink.plain(&(last_proposed, last_committed, outstanding, to_be_applied, prepared));
        // Sessions end by the clock: who lets time stand still has none that are tracked.
        sink.plain(&(prepared_locks, sessions));
        sink.plain(&pending_syncs.len());
        for (wait_for, conn, request) in pending_syncs {
            sink.plain(&(wait_for, request));
            sink.conn(*conn);
        }
    }
}
