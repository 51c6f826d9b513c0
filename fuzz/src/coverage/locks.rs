//! What the clients that queue for a lock know, as features: how many of them wait, have the lock, have lost
//! their connection, or their session.

use super::{Feature, hash};
use zab_checker::News;
use zab_core::SessionId;

/// What one client knows. The order does not matter.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Knows {
    Waits,
    Holds,
    Suspended { holds: bool },
    Expired,
}

/// What all of them know.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks {
    clients: Vec<(u8, Knows)>,
    state: Feature,
}

impl Locks {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.clients.clear();
        self.state = 0;
    }

    /// A client learns something: the state that all of them are in now, and the way there.
    pub(super) fn on_news(&mut self, session: SessionId, news: News) -> [Feature; 2] {
        let before = self.clients.iter().position(|(client, _)| *client == session.client());
        let at = before.unwrap_or_else(|| {
            self.clients.push((session.client(), Knows::Waits));
            self.clients.len() - 1
        });
        let knows = &mut self.clients[at].1;
        let holds = matches!(*knows, Knows::Holds | Knows::Suspended { holds: true });
        *knows = match news {
            News::Opened => Knows::Waits,
            News::Resumed if holds => Knows::Holds,
            News::Resumed => Knows::Waits,
            News::Suspended => Knows::Suspended { holds },
            News::Expired => Knows::Expired,
            News::Named { .. } => *knows,
            News::Holds { .. } => Knows::Holds,
        };
        let mut all: Vec<Knows> = self.clients.iter().map(|(_, knows)| *knows).collect();
        all.sort_unstable();
        let state = hash(&("lock", all)) & !1;
        let edge = hash(&(self.state, state)) | 1;
        self.state = state;
        [state, edge]
    }
}
