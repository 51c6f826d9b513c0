//! A server as far as it makes a difference: what it is, and its role.

use super::{Node, Role};
use crate::canonical::{Canonical, Sink};

impl Canonical for Node {
    fn canonical<S: Sink>(&self, sink: &mut S) {
        let Self { server, role } = self;
        match role {
            Role::Dead => {
                sink.plain(&0_u8);
                return;
            }
            Role::Stopping(stopping) => sink.plain(&(1_u8, stopping)),
            Role::Looking(election) if sink.hears_elections() => {
                sink.plain(&2_u8);
                election.canonical(sink);
            }
            Role::Looking(_) => sink.plain(&2_u8),
            Role::Elected => sink.plain(&3_u8),
            Role::Following(follower) => {
                sink.plain(&4_u8);
                follower.canonical(sink);
            }
            Role::Leading(leader) => {
                sink.plain(&5_u8);
                leader.canonical(sink);
            }
        }
        // Before an election is decided nobody asks for the vote of the one before.
        let has_voted = matches!(role, Role::Elected | Role::Following(_) | Role::Leading(_));
        sink.plain(&has_voted.then_some(server.vote));
        server.canonical(sink);
    }
}
