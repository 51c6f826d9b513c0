//! The sessions of an ensemble at its leader: who is alive, where each of them goes on, and which have to end
//! (`LeaderSessionTracker`, `SessionTrackerImpl`).

#[cfg(test)]
mod tests;

use super::Leader;
use crate::ids::{ConnId, NodeId, RequestId, SessionId};
use crate::locks::SessionError;
use crate::message::Packet;
use crate::server::Server;
use crate::time::{Span, Time};

/// Where a session goes on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// At the leader itself (`ServerCnxn.me`).
    Leader,
    /// At the learner on this connection (its `LearnerHandler`).
    Learner(ConnId),
}

/// What the leader knows of a session.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Tracked {
    session: SessionId,
    /// When it ends if nothing is heard of it.
    deadline: Time,
    /// closeSession is proposed.
    is_closing: bool,
    /// Nobody has asked for anything in it yet.
    owner: Option<Owner>,
}

/// How a leader begins to track sessions.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Tracking {
    /// Until when those live that are open.
    pub(super) deadline: Time,
    /// The leader, if it lets pass what it does not know and did not open.
    pub(super) lenient: Option<NodeId>,
}

impl Tracking {
    /// From now on at this leader.
    pub(super) fn at(server: &Server) -> Self {
        let lenient = server.variant.passes_unknown_sessions.then_some(server.id);
        Self { deadline: deadline(server), lenient }
    }
}

/// Every session that the leader knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Tracker {
    sessions: Vec<Tracked>,
    lenient: Option<NodeId>,
}

impl Tracker {
    /// Every session that is open when an epoch is established gets its full time
    /// (`SessionTrackerImpl` calls `trackSession` for each).
    pub(super) fn start(&mut self, open: impl Iterator<Item = SessionId>, tracking: Tracking) {
        let Tracking { deadline, lenient } = tracking;
        self.lenient = lenient;
        let tracked = |session| Tracked { session, deadline, is_closing: false, owner: None };
        self.sessions.clear();
        self.sessions.extend(open.map(tracked));
    }

    fn find(&mut self, session: SessionId) -> Option<&mut Tracked> {
        self.sessions.iter_mut().find(|tracked| tracked.session == session)
    }

    /// A session is opened (`trackSession`, `setOwner`).
    pub(super) fn open(&mut self, session: SessionId, deadline: Time, owner: Owner) {
        if self.find(session).is_none() {
            let owner = Some(owner);
            self.sessions.push(Tracked { session, deadline, is_closing: false, owner });
        }
    }

    /// A sign of life. False if the session is not known, or has to end (`touchSession`).
    pub(super) fn touch(&mut self, session: SessionId, deadline: Time) -> bool {
        match self.find(session) {
            Some(tracked) if !tracked.is_closing => {
                tracked.deadline = deadline;
                true
            }
            _ => false,
        }
    }

    /// Whether somebody may change something in a session (`checkSession`). One that is not known may be a local
    /// session of another server, which has to know it.
    pub(super) fn check(&mut self, session: SessionId, owner: Owner) -> Result<(), SessionError> {
        let is_foreign = session.is_begun_as_local()
            && self.lenient.is_some_and(|leader| session.opened_at() != leader);
        if is_foreign && self.find(session).is_none() {
            return Ok(());
        }
        self.check_global(session, owner)
    }

    /// Whether somebody may ask for what only a session can that all servers know, as an ephemeral node
    /// (`checkGlobalSession`).
    pub(super) fn check_global(
        &mut self,
        session: SessionId,
        owner: Owner,
    ) -> Result<(), SessionError> {
        let tracked = self.find(session).filter(|tracked| !tracked.is_closing);
        let known = *tracked.ok_or(SessionError::Expired)?.owner.get_or_insert(owner);
        if known == owner { Ok(()) } else { Err(SessionError::Moved) }
    }

    /// Whether a session can go on here, and from now on only here; `None` as long as it is not known
    /// whether it has ended.
    pub(super) fn revalidate(
        &mut self,
        session: SessionId,
        deadline: Time,
        owner: Owner,
    ) -> Option<bool> {
        match self.find(session) {
            None => Some(false),
            Some(tracked) if tracked.is_closing => None,
            Some(tracked) => {
                (tracked.deadline, tracked.owner) = (deadline, Some(owner));
                Some(true)
            }
        }
    }

    /// The sessions whose time is over. They are closing from now on.
    fn expire(&mut self, now: Time) -> Vec<SessionId> {
        let is_over = |tracked: &&mut Tracked| now >= tracked.deadline && !tracked.is_closing;
        let over = self.sessions.iter_mut().filter(is_over);
        over.map(|tracked| {
            tracked.is_closing = true;
            tracked.session
        })
        .collect()
    }

    /// closeSession is applied (`removeSession`).
    pub(super) fn remove(&mut self, session: SessionId) {
        self.sessions.retain(|tracked| tracked.session != session);
    }
}

/// When a session ends of which a sign of life comes now: rounded up to a whole tick
/// (`ExpiryQueue.roundToNextInterval`).
pub(super) const fn deadline(server: &Server) -> Time {
    let Span(tick) = server.config.tick;
    let Time(end) = server.now.after(server.ticks(server.config.session_timeout));
    Time((end / tick + 1) * tick)
}

impl Leader {
    /// A client of the leader's own gives a sign of life. False if its session is not known, or has to end:
    /// what it asks for is dropped (`ZooKeeperServer.submitRequestNow`).
    pub(crate) fn touch(&mut self, server: &Server, session: SessionId) -> bool {
        self.broadcast.sessions.touch(session, deadline(server))
    }

    /// What a learner has heard of the clients that are connected there.
    pub(super) fn on_touched(
        &mut self,
        server: &Server,
        sessions: impl Iterator<Item = SessionId>,
    ) {
        for session in sessions {
            self.touch(server, session);
        }
    }

    /// A client of the leader's own has connected with a session that it has
    /// (`LeaderZooKeeperServer.revalidateSession`).
    pub(crate) fn resume(&mut self, server: &Server, session: SessionId) -> Option<bool> {
        self.broadcast.sessions.revalidate(session, deadline(server), Owner::Leader)
    }

    /// REVALIDATE (`Leader.revalidateSession`). A session that is about to end gets no answer until that is
    /// committed.
    pub(super) fn on_revalidate(&mut self, server: &mut Server, conn: ConnId, request: RequestId) {
        let owner = Owner::Learner(conn);
        let valid = self.broadcast.sessions.revalidate(request.session, deadline(server), owner);
        if let (Some(is_valid), Some(learner)) = (valid, self.learner(conn)) {
            learner.queue(Packet::Revalidated { request, is_valid }, &mut server.out);
        }
    }

    /// Ends the sessions whose clients were not heard of for too long (`ZooKeeperServer.expire`).
    pub(super) fn expire_sessions(&mut self, server: &mut Server) {
        for session in self.broadcast.sessions.expire(server.now) {
            if let Some(txn) = self.broadcast.close_session(session) {
                self.broadcast_txn(server, txn);
            }
        }
    }
}
