//! A client as far as it makes a difference.

use super::{Client, Open};
use zab_core::NodeId;
use zab_core::canonical::Sink;

impl Client {
    /// The request that it waits for.
    pub(crate) fn waits_for(&self) -> Option<u32> {
        self.open.map(|open| open.request.cxid)
    }

    /// Hands over what makes a difference: of the process that was asked, whether it still runs.
    pub(crate) fn canonical<S: Sink>(&self, is_alive: impl Fn(NodeId, u16) -> bool, sink: &mut S) {
        let Self { session: _, cxid, last_seen, versions, open, last } = self;
        sink.plain(cxid);
        if *cxid == 0 {
            return;
        }
        sink.plain(&(last_seen, versions, last));
        if let Some(open) = open {
            let Open { request, op, server, life, is_connected, then_read, answer } = open;
            let alive = is_alive(*server, *life).then_some(server);
            sink.plain(&(request, op, alive, is_connected, then_read, answer));
        }
    }
}
