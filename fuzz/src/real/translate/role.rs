//! Who follows whom, whose votes were heard, and which connections servers know of.

use super::text::Place;
use super::{Teller, Thread, end};
use crate::oracle::Recording;
use std::collections::{BTreeMap, BTreeSet};
use zab_checker::Fact;
use zab_core::event::Note;
use zab_core::{ConnId, NodeId, Span, Time};
use zab_sim::Schedule;
use zab_sim::schedule::{Act, StallTarget};

/// What is known of each server's role.
#[derive(Debug)]
pub(super) struct Roles {
    servers: Vec<Role>,
    /// By pair of servers, in both orders: the newest connection.
    newest: BTreeMap<[NodeId; 2], ConnId>,
    /// How many roles of each server are over.
    over: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Role {
    /// Whom it has elected, perhaps itself.
    leader: Option<NodeId>,
    /// How many roles of its leader were over by then.
    after: usize,
    serves: bool,
    /// By sender: whom the last vote that arrived was for, since the server began to look.
    votes: BTreeMap<NodeId, NodeId>,
    /// Peers that have voted since they began to look for a leader.
    voters: BTreeSet<NodeId>,
    /// Peers whose connection with it has ended, as it knows and a real server does not yet.
    lost: BTreeSet<NodeId>,
    /// It has left its role and is to look for a leader.
    stepped_down: bool,
    /// Who has called it since it leads.
    called: BTreeSet<NodeId>,
    /// The line at which a learner has made its quorum complete.
    complete: Option<Place>,
}

impl Roles {
    /// As the boot leaves them: the last server leads.
    pub(super) fn new(recording: &Recording) -> Self {
        let mut roles = Self {
            servers: vec![Role::default(); recording.schedule.servers.into()],
            newest: BTreeMap::new(),
            over: vec![0; recording.schedule.servers.into()],
        };
        for event in &recording.events[..recording.boot] {
            if let (Some(server), Fact::Noted(Note::Elected { leader, .. })) =
                (event.node, &event.fact)
            {
                roles.of(server).leader = Some(*leader);
                roles.of(server).serves = true;
            }
        }
        roles
    }

    fn of(&mut self, server: NodeId) -> &mut Role {
        &mut self.servers[server.index()]
    }

    pub(super) fn serves(&self, server: NodeId) -> bool {
        self.servers[server.index()].serves
    }

    /// Whom a server has elected.
    pub(super) fn leader(&self, server: NodeId) -> Option<NodeId> {
        self.servers[server.index()].leader
    }

    /// Whether a server has got this vote from another one.
    pub(super) fn has_vote(&self, server: NodeId, from: NodeId, leader: NodeId) -> bool {
        self.servers[server.index()].votes.get(&from) == Some(&leader)
    }

    /// Whether a server has got a vote for itself from another one that looks for a leader.
    fn is_voted_for(&self, server: NodeId, by: NodeId) -> bool {
        self.has_vote(server, by, server) && self.servers[server.index()].voters.contains(&by)
    }

    pub(super) fn others(&self, server: NodeId) -> Vec<NodeId> {
        (0..).map(NodeId).take(self.servers.len()).filter(|peer| *peer != server).collect()
    }

    pub(super) fn leads(&self, server: NodeId) -> bool {
        self.servers[server.index()].leader == Some(server)
    }

    /// Whose connections with it have to end so that it leaves its role.
    pub(super) fn peers(&self, server: NodeId) -> Vec<NodeId> {
        match self.servers[server.index()].leader {
            Some(leader) if leader != server => vec![leader],
            Some(_) => self.others(server),
            None => Vec::new(),
        }
    }

    pub(super) fn on_connected(&mut self, [from, to]: [NodeId; 2], conn: ConnId) {
        self.newest.insert([from, to], conn);
        self.newest.insert([to, from], conn);
    }

    /// A learner calls this server at this line.
    pub(super) fn on_called(&mut self, server: NodeId, from: NodeId, place: Place) {
        let others = self.servers.len() / 2;
        let role = self.of(server);
        if role.called.insert(from) && role.called.len() == others {
            role.complete = Some(place);
        }
    }

    /// The line at which a learner has completed the quorum of a leader.
    fn completed(&self, server: NodeId) -> Option<Place> {
        self.servers[server.index()].complete.filter(|_| self.leads(server))
    }

    pub(super) fn on_lost(&mut self, server: NodeId, peer: NodeId) {
        self.of(server).lost.insert(peer);
    }

    /// Whether a server has lost a connection with this peer since it was asked for the last time.
    pub(super) fn take_lost(&mut self, server: NodeId, peer: NodeId) -> bool {
        self.of(server).lost.remove(&peer)
    }

    pub(super) fn is_newest(&self, a: NodeId, b: NodeId, conn: ConnId) -> bool {
        self.newest.get(&[a, b]).is_none_or(|newest| *newest == conn)
    }

    pub(super) fn on_vote(&mut self, from: NodeId, to: NodeId, leader: NodeId) {
        let role = self.of(to);
        role.votes.insert(from, leader);
        role.voters.insert(from);
    }

    /// A server leaves its role, and its process goes on.
    pub(super) fn on_stepped_down(&mut self, server: NodeId) {
        self.of(server).stepped_down = true;
    }

    /// A server begins to look for a leader. True if it had a role before.
    pub(super) fn on_looking(&mut self, server: NodeId) -> bool {
        std::mem::take(self.of(server)).stepped_down
    }

    /// Whether a server looks for a leader, and has the votes of a quorum, of more than three servers.
    pub(super) fn wins(&self, server: NodeId) -> bool {
        let role = &self.servers[server.index()];
        let votes = role.votes.values().filter(|vote| **vote == server).count();
        let is_quorum = 2 * (votes + 1) > self.servers.len();
        self.servers.len() > 3 && role.leader.is_none() && is_quorum
    }

    /// Who has to hear each other so that a server elects this leader, as lines name them.
    ///
    /// Those that look hear the one that they elect, and nobody else, whom they might elect sooner: of
    /// three servers two are a quorum, and of more the one that is elected has to win first. Who comes to
    /// a leader that leads already hears its followers too; it does as soon as one follows it.
    pub(super) fn on_elected(&mut self, server: NodeId, leader: NodeId) -> Vec<String> {
        // Who has not noticed yet that its leader is not what it was stands by a vote of another round.
        let after = self.over[leader.index()];
        let follows = |id: &NodeId| {
            let role = &self.servers[id.index()];
            role.leader == Some(leader) && role.after == after
        };
        let others = (0..).map(NodeId).take(self.servers.len());
        let followers: Vec<NodeId> = others.filter(follows).collect();
        let leads = leader != server && !followers.is_empty();
        let pairs = !leads && (self.servers.len() == 3 || self.wins(leader));
        let role = self.of(server);
        (role.leader, role.after) = (Some(leader), after);
        let votes = role.votes.iter().filter(|(_, vote)| **vote == leader).map(|(from, _)| *from);
        let voters: BTreeSet<NodeId> = votes.chain([server, leader]).chain(followers).collect();
        let line = |of: &[NodeId]| of.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match pairs {
            false => vec![line(&voters.into_iter().collect::<Vec<_>>())],
            true if server != leader => vec![line(&[server, leader])],
            true => {
                let others = voters.into_iter().filter(|voter| *voter != leader);
                others.map(|voter| line(&[voter, leader])).collect()
            }
        }
    }

    pub(super) fn on_serving(&mut self, server: NodeId) {
        self.of(server).serves = true;
    }

    pub(super) fn on_left(&mut self, server: NodeId) {
        self.over[server.index()] += 1;
        self.servers.iter_mut().for_each(|role| {
            role.voters.remove(&server);
        });
        *self.of(server) = Role::default();
    }
}

impl Teller<'_> {
    /// A server elects a leader: those hear each other whose votes it takes.
    pub(super) fn elect(&mut self, server: NodeId, leader: NodeId) {
        // Of five servers a leader that they all hear has to win before they hear each other.
        if server != leader
            && self.roles.wins(leader)
            && end::next_leader(self.recording, self.at, leader) == Some(leader)
        {
            self.elect(leader, leader);
        }
        for voters in self.roles.on_elected(server, leader) {
            self.text.line(format!("vote {voters}"));
        }
        let role = if server == leader { "leading" } else { "following" };
        self.text.line(format!("wait {server} {role}"));
    }

    /// A leader is to be kept from writing its promise, which it begins when the follower has called that
    /// makes the quorum complete: what it has to do before takes a real one no time.
    ///
    /// What fails is the thread that talks to this follower, and the leader goes on, if its own thread waits
    /// for the quorum by then; if it comes later, it fails itself, and with it the role
    /// (`Leader.getEpochToPropose`).
    pub(super) fn before_promise(&mut self, server: NodeId, fails: bool) {
        let Some(place) = self.roles.completed(server) else { return };
        self.disks.mark(server, place);
        if fails {
            let line = format!("wait {server} in Leader.getEpochToPropose");
            self.disks.before_mark(server, vec![line], &mut self.text);
        }
    }

    /// A vote that has arrived counts although its sender dies or says something else: whoever is elected
    /// by it is elected before. So is who loses its power when it has a vote of who will elect it: the model
    /// has it back before that one decides, which a real one does after 200 ms
    /// (`FastLeaderElection.finalizeWait`), and with no history that it would vote for again.
    ///
    /// Whom it would vote for with that history as well it elects as that one comes back, or looks for a
    /// leader itself: who follows what a leader was before gives it no vote.
    pub(super) fn elect_with_its_vote(&mut self, server: NodeId, power_loss: bool) {
        for other in self.roles.others(server) {
            let elected = end::next_leader(self.recording, self.at, other);
            if let Some(leader) = elected.filter(|_| self.roles.leader(other).is_none())
                && !end::is_elected_anew(self.recording, self.at, leader, other)
                && self.roles.has_vote(other, server, leader)
                && (!end::votes_again(self.recording, self.at, server, other)
                    || power_loss && leader == server && self.roles.is_voted_for(server, other))
            {
                self.elect(other, leader);
            }
        }
    }
}

/// When a thread stops at a server, and when it goes on, in order of time.
pub(super) fn stalls(schedule: &Schedule, origin: Time) -> Vec<(Time, NodeId, Thread, bool)> {
    let mut all = Vec::new();
    for action in &schedule.actions {
        let Act::StallActor { server, actor, for_us } = action.act else { continue };
        let thread = match actor {
            StallTarget::Committer => Thread::Commit,
            StallTarget::LogWriter => Thread::Log,
            // What these do is let through packet by packet.
            StallTarget::Receiver | StallTarget::Senders => continue,
        };
        let at = origin.after(Span(action.at_us));
        all.push((at, NodeId(server), thread, true));
        all.push((at.after(Span(for_us)), NodeId(server), thread, false));
    }
    all.sort();
    all
}

#[cfg(test)]
mod tests;
