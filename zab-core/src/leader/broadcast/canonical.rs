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
        } = self;
        sink.plain(&(last_proposed, last_committed, outstanding, to_be_applied, prepared));
        sink.plain(&pending_syncs.len());
        for (wait_for, conn, request) in pending_syncs {
            sink.plain(&(wait_for, request));
            sink.conn(*conn);
        }
    }
}
