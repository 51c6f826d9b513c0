//! Which sessions have their clients at this server, and which of them were heard of
//! (`ServerCnxnFactory`, `LearnerSessionTracker`).

use crate::ids::SessionId;
use crate::locks::{Few, SESSIONS};

/// The clients of tracked sessions at a server that serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Connections {
    open: Vec<SessionId>,
    /// Heard of since the leader was told last (`touchTable`). No more can be open than there is room for.
    touched: Few<SessionId, SESSIONS>,
}

impl Connections {
    /// A client is connected here.
    pub(crate) fn connect(&mut self, session: SessionId) {
        if !self.holds(session) {
            self.open.push(session);
        }
    }

    /// Whether a client is connected here.
    pub(crate) fn holds(&self, session: SessionId) -> bool {
        self.open.contains(&session)
    }

    /// A session has ended: the connection of its client is closed (`FinalRequestProcessor.closeSession`).
    pub(crate) fn close(&mut self, session: SessionId) {
        self.open.retain(|open| *open != session);
        self.touched.retain(|touched| *touched != session);
    }

    /// A sign of life.
    pub(crate) fn touch(&mut self, session: SessionId) {
        self.touched.insert(session);
    }

    /// The sessions to tell the leader of (`LearnerSessionTracker.snapshot`).
    pub(crate) fn take_touched(&mut self) -> Few<SessionId, SESSIONS> {
        std::mem::take(&mut self.touched)
    }

    /// The server serves no longer: every connection is closed.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.touched = Few::default();
    }
}
