//! A learner's handler, as far as it makes a difference.

use super::Learner;
use crate::canonical::{Canonical, Sink};

impl Canonical for Learner {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            peer,
            conn,
            stage,
            inbox,
            outbox,
            ready,
            sender,
            last_heard: _,
            ack_deadline_tick: _,
            unacknowledged: _,
        } = self;
        sink.plain(&(peer, stage, inbox, outbox, ready, sender));
        sink.conn(*conn);
    }
}
