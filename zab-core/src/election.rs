//! Fast leader election, while a server is LOOKING (`FastLeaderElection.lookForLeader`).

pub(crate) mod invariants;

use crate::event::{Note, Timer};
use crate::ids::NodeId;
use crate::message::{Notification, ServerState, Vote};
use crate::quorum::NodeSet;
use crate::server::{Flow, GO_ON, Leave, Server};
use crate::time::Span;
use crate::variant::Variant;
use std::ops::ControlFlow;

/// First interval after which notifications are sent again, if nothing is heard (as `finalizeWait`).
const fn first_interval(server: &Server) -> Span {
    server.config.finalize_wait
}

/// One election of one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Election {
    /// Whom this server proposes now.
    proposal: Vote,
    /// `recvset`: the latest notification of each server in this round.
    received: Vec<Option<Notification>>,
    /// `outofelection`: the latest notification of each server that follows or leads.
    decided: Vec<Option<Notification>>,
    /// A quorum agrees; this server waits for anything better.
    finalizing: bool,
    /// Interval until notifications are sent again.
    interval: Span,
}

/// What a server that looks for a leader calls itself.
const fn own_state(server: &Server) -> ServerState {
    if server.is_blank { ServerState::Watching } else { ServerState::Looking }
}

/// Whether a notification says nothing here: who has no vote is not counted, and counts nobody that
/// looks for a leader as well (`lookForLeader`: "Ignoring notification as our zxid is -1").
const fn is_ignored(server: &Server, state: ServerState) -> bool {
    match state {
        ServerState::Watching => true,
        ServerState::Looking => server.is_blank,
        ServerState::Following | ServerState::Leading => false,
    }
}

/// Whether `a` is preferred to `b`: epoch, then zxid, then id (`totalOrderPredicate`). Until 3.4.3 the
/// id decides between equal zxids, whatever the epochs are (ZOOKEEPER-1419): that is no order.
fn is_better(a: Vote, b: Vote, variant: &Variant) -> bool {
    if variant.votes_out_of_order {
        return a.peer_epoch > b.peer_epoch
            || a.peer_epoch == b.peer_epoch && a.zxid > b.zxid
            || a.zxid == b.zxid && a.leader > b.leader;
    }
    (a.peer_epoch, a.zxid, a.leader) > (b.peer_epoch, b.zxid, b.leader)
}

/// Whether two notifications count as the same vote (`Vote.equals`): among servers that have
/// decided, zxid and round may differ, from 3.4.6 on (ZOOKEEPER-1732, -1805).
fn agree(a: &Notification, b: &Notification, variant: &Variant) -> bool {
    let is_looking = a.state == ServerState::Looking || b.state == ServerState::Looking;
    if is_looking || variant.joins_by_whole_vote {
        a.vote == b.vote && a.round == b.round
    } else {
        a.vote.leader == b.vote.leader && a.vote.peer_epoch == b.vote.peer_epoch
    }
}

fn supporters(votes: &[Option<Notification>], wanted: &Notification, variant: &Variant) -> NodeSet {
    let mut set = NodeSet::default();
    for (index, vote) in votes.iter().enumerate() {
        if vote.as_ref().is_some_and(|vote| agree(vote, wanted, variant)) {
            set.insert(NodeId(index as u8));
        }
    }
    set
}

impl Election {
    /// Starts a new round with a vote for itself.
    pub(crate) fn start(server: &mut Server) -> Self {
        server.round = server.round.saturating_add(1);
        let vote = Self::own_vote(server);
        server.note(Note::Looking { vote, round: server.round });
        let servers = usize::from(server.config.servers);
        let mut election = Self {
            proposal: vote,
            received: vec![None; servers],
            decided: vec![None; servers],
            finalizing: false,
            interval: first_interval(server),
        };
        election.tell_all(server);
        server.set_timer(Timer::Election, election.interval);
        election
    }

    fn own_vote(server: &Server) -> Vote {
        let zxid = server.memory.last_zxid();
        Vote { leader: server.id, zxid, peer_epoch: server.durable.current_epoch }
    }

    /// Sends the proposal to everyone, and records it as this server's own.
    fn tell_all(&mut self, server: &mut Server) {
        let myself = server.id;
        for to in server.config.members().filter(|to| *to != myself) {
            server.notify(to, self.proposal, own_state(server));
        }
        let own = self.as_notification(server);
        self.received[server.id.index()] = Some(own);
    }

    fn as_notification(&self, server: &Server) -> Notification {
        Notification { vote: self.proposal, round: server.round, state: own_state(server) }
    }

    /// A notification arrived.
    pub(crate) fn on_notification(
        &mut self,
        server: &mut Server,
        from: NodeId,
        notification: Notification,
    ) -> Flow {
        if is_ignored(server, notification.state) {
            return GO_ON;
        }
        if notification.state == ServerState::Looking && notification.round < server.round {
            server.notify(from, self.proposal, ServerState::Looking);
        }
        if self.finalizing {
            if !is_better(notification.vote, self.proposal, &server.variant) {
                server.set_timer(Timer::Election, server.config.finalize_wait);
                return GO_ON;
            }
            self.finalizing = false;
            server.set_timer(Timer::Election, self.interval);
        }
        match notification.state {
            ServerState::Looking => self.on_looking(server, from, notification),
            ServerState::Watching => GO_ON,
            ServerState::Following | ServerState::Leading => {
                self.on_decided(server, from, notification)
            }
        }
    }

    fn on_looking(&mut self, server: &mut Server, from: NodeId, n: Notification) -> Flow {
        if n.round < server.round {
            return GO_ON;
        }
        if n.round > server.round {
            server.round = n.round;
            self.received.fill(None);
            let own = Self::own_vote(server);
            self.proposal = if is_better(n.vote, own, &server.variant) { n.vote } else { own };
            self.tell_all(server);
        } else if is_better(n.vote, self.proposal, &server.variant) {
            self.proposal = n.vote;
            self.tell_all(server);
        }
        self.received[from.index()] = Some(n);
        let wanted = self.as_notification(server);
        if supporters(&self.received, &wanted, &server.variant).is_quorum(&server.config) {
            self.finalizing = true;
            server.set_timer(Timer::Election, server.config.finalize_wait);
        }
        GO_ON
    }

    /// A server that follows or leads tells whom: join if a quorum does.
    fn on_decided(&mut self, server: &mut Server, from: NodeId, n: Notification) -> Flow {
        if n.round == server.round {
            self.received[from.index()] = Some(n);
            if supporters(&self.received, &n, &server.variant).is_quorum(&server.config)
                && leads(&self.received, &n, server)
            {
                return ControlFlow::Break(Leave::Elected(n.vote));
            }
        }
        self.decided[from.index()] = Some(n);
        if supporters(&self.decided, &n, &server.variant).is_quorum(&server.config)
            && leads(&self.decided, &n, server)
        {
            server.round = n.round;
            return ControlFlow::Break(Leave::Elected(n.vote));
        }
        GO_ON
    }

    /// The timer ran out: nothing better came, or nothing came at all.
    pub(crate) fn on_timeout(&mut self, server: &mut Server) -> Flow {
        if self.finalizing {
            return ControlFlow::Break(Leave::Elected(self.proposal));
        }
        self.tell_all(server);
        let doubled = Span(self.interval.0 * 2);
        self.interval = doubled.min(server.config.notification_interval_max);
        server.set_timer(Timer::Election, self.interval);
        GO_ON
    }
}

/// Whether the leader itself says that it leads; this server takes itself for one only if the
/// vote is of its own round (`checkLeader`; from 3.4.4 on, ZOOKEEPER-1514).
fn leads(votes: &[Option<Notification>], n: &Notification, server: &Server) -> bool {
    if n.vote.leader == server.id {
        return n.round == server.round || server.variant.leads_in_any_round;
    }
    votes[n.vote.leader.index()].is_some_and(|vote| vote.state == ServerState::Leading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Epoch, Zxid};

    fn vote(epoch: u32, zxid: (u32, u32), leader: u8) -> Vote {
        let zxid = Zxid::new(zxid.0, zxid.1);
        Vote { leader: NodeId(leader), zxid, peer_epoch: Epoch(epoch) }
    }

    #[test]
    fn epoch_counts_before_zxid_and_zxid_before_id() {
        let from_best_to_worst = [
            vote(3, (1, 1), 0),
            vote(2, (2, 2), 0),
            vote(2, (2, 1), 1),
            vote(2, (2, 1), 0),
            vote(1, (9, 9), 2),
        ];
        for (at, better) in from_best_to_worst.iter().enumerate() {
            for worse in &from_best_to_worst[at + 1..] {
                let better_than = |a, b| is_better(a, b, &Variant::REFERENCE);
                assert!(better_than(*better, *worse), "{better:?} before {worse:?}");
                assert!(!better_than(*worse, *better), "{worse:?} not before {better:?}");
            }
            assert!(
                !is_better(*better, *better, &Variant::REFERENCE),
                "no vote is better than itself"
            );
        }
    }

    #[test]
    fn servers_that_have_decided_may_differ_in_zxid_and_round() {
        let same = |a: &_, b: &_| agree(a, b, &Variant::REFERENCE);
        let looking =
            Notification { vote: vote(1, (1, 1), 0), round: 1, state: ServerState::Looking };
        let later = Notification { round: 2, ..looking };
        assert!(!same(&looking, &later), "rounds count among those who look");
        let following = Notification { state: ServerState::Following, ..looking };
        let leading =
            Notification { vote: vote(1, (1, 7), 0), round: 5, state: ServerState::Leading };
        assert!(same(&following, &leading), "ZOOKEEPER-1732");
        let elsewhere = Notification { vote: vote(2, (1, 7), 0), ..leading };
        assert!(!same(&following, &elsewhere), "epochs count");
        assert!(!same(&looking, &leading), "everything counts if one of them looks");
        assert!(!same(&leading, &looking), "whichever of them");
    }

    #[test]
    fn before_3_4_4_two_votes_may_each_be_preferred_to_the_other() {
        let variant = Variant { votes_out_of_order: true, ..Variant::REFERENCE };
        let (later, higher) = (vote(2, (1, 4), 0), vote(1, (1, 4), 1));
        assert!(is_better(later, higher, &variant), "by its epoch");
        assert!(is_better(higher, later, &variant), "by its id: ZOOKEEPER-1419");
    }
}
