//! O4 session order (checkers.md S1): a session never sees an older state than it has seen.
//!
//! Compared are operations of which one was invoked after the other was answered; a session moves
//! from server to server, so that answers to operations open at the same time may overtake each
//! other. A write has to come behind everything that its session has seen.

use crate::findings::Findings;
use crate::verdict::Class;
use zab_core::{Outcome, RequestId, SessionId, Zxid};

/// What sessions have seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    /// The greatest zxid that each session has seen.
    seen: Vec<(SessionId, Zxid)>,
    /// Open requests, with what their session had seen when it asked.
    open: Vec<(RequestId, Zxid)>,
}

impl Sessions {
    /// A session asks.
    pub(crate) fn on_invoked(&mut self, request: RequestId) {
        let seen = self.seen.iter().find(|(session, _)| *session == request.session);
        let floor = seen.map_or(Zxid::ZERO, |(_, zxid)| *zxid);
        self.open.push((request, floor));
    }

    /// A session gives up waiting.
    pub(crate) fn on_timed_out(&mut self, request: RequestId) {
        self.take(request);
    }

    fn take(&mut self, request: RequestId) -> Option<Zxid> {
        let at = self.open.iter().position(|(open, _)| *open == request)?;
        Some(self.open.swap_remove(at).1)
    }

    /// A session is answered.
    pub(crate) fn at_return(
        &mut self,
        request: RequestId,
        outcome: Outcome,
        findings: &mut Findings,
    ) {
        let Some(floor) = self.take(request) else {
            return;
        };
        let (position, is_in_order) = match outcome {
            Outcome::Written { zxid, .. } | Outcome::BadVersion { zxid } => (zxid, zxid > floor),
            Outcome::Value { position, .. } | Outcome::Synced { position } => {
                (position, position >= floor)
            }
            Outcome::Refused => return,
        };
        if !is_in_order {
            findings.report(Class::O4, || {
                format!("{request} is answered at {position}, its session has seen {floor}")
            });
        }
        match self.seen.iter_mut().find(|(session, _)| *session == request.session) {
            Some((_, seen)) => *seen = position.max(*seen),
            None => self.seen.push((request.session, position)),
        }
    }
}
