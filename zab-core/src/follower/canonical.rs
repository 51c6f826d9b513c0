//! A follower, as far as it makes a difference.

use super::{Follower, Link, Phase};
use crate::canonical::{Canonical, Sink};

impl Canonical for Follower {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self {
            leader,
            link,
            attempts_failed,
            phase,
            plan,
            inbox,
            closed,
            last_heard: _,
            pending,
            last_queued,
        } = self;
        // Attempts are counted as long as no leader has said anything.
        let attempts = matches!(phase, Phase::Discovery).then_some(attempts_failed);
        sink.plain(&(leader, attempts, inbox, closed, pending, last_queued));
        match link {
            Link::Connecting { asked } => sink.plain(asked),
            Link::Up(conn) => sink.conn(*conn),
        }
        match phase {
            Phase::Discovery => sink.plain(&0_u8),
            Phase::Synchronization(sync) => sink.plain(&(1_u8, sync)),
            Phase::Broadcast => sink.plain(&2_u8),
        }
        plan.canonical(sink);
    }
}
