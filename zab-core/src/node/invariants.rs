//! What holds of a server together with its role.

#[cfg(test)]
use super::{Election, Follower, Leader};
use super::{Node, Role};
use crate::event::{Actor, Input};
use crate::invariants::{Checked, Invariant, require};
use crate::log_writer::AckTo;
use crate::message::Packet;
use crate::server::Server;
use crate::txn::Op;
use crate::variant::Shutdown;
use crate::view::Phase;

impl Node {
    /// Makes sure that the server is in a state that it can be in. [`Node::step`] ends with this.
    /// In an optimized build, without debug assertions, it leaves out what only keeps a role going.
    ///
    /// # Panics
    ///
    /// If it is not: a defect of this crate, not of whoever drives it.
    #[inline(never)]
    pub fn check_invariants(&self) {
        let broken = self.check().err();
        assert!(broken.is_none(), "{}", self.complaint(broken));
    }

    /// Whether the input is one of the many that only keep a role going and touch neither files nor
    /// proposals: a timer, a ping, a packet to be written, a question who leads, a read, a `sync`,
    /// committed work. Unless it ends the role, an optimized build looks at the state after the next
    /// input of another kind: four steps of five are of this kind.
    #[inline]
    pub(super) const fn is_routine(&self, input: &Input) -> bool {
        match input {
            Input::Timer { .. }
            | Input::Turn(Actor::Sender(_) | Actor::Committer)
            | Input::Packet { packet: Packet::Ping | Packet::Sync { .. }, .. }
            | Input::Client { op: Op::Read { .. } | Op::Sync, .. } => true,
            Input::Notification { .. } => !matches!(self.role, Role::Looking(_)),
            _ => false,
        }
    }

    /// What does not hold, if anything. Of a process that has ended nothing does.
    #[inline]
    pub(crate) fn check(&self) -> Checked {
        let server = &self.server;
        if matches!(self.role, Role::Dead) {
            return Ok(());
        }
        server.durable.check(&server.variant)?;
        server.writer.check(&server.leaked_writer, &server.durable)?;
        server.check()?;
        require(self.serves_in_broadcast(), Invariant::ServesInBroadcast)?;
        require(self.vote_is_of_the_role(), Invariant::VoteIsOfTheRole)?;
        server.leaked_writer.check(&server.writer, &server.durable)?;
        if !server.writer.is_idle() {
            require(self.writer_serves_the_role(), Invariant::WriterServesTheRole)?;
            let is_logged = server.durable.has_removed_open_log()
                || server.writer.batch_is_logged(&server.durable);
            require(is_logged, Invariant::BatchIsLogged)?;
        }
        require(self.memory_is_recovered(), Invariant::MemoryIsRecovered)?;
        match &self.role {
            Role::Dead => Ok(()),
            Role::Stopping(stopping) => {
                require(!stopping.is_over(server), Invariant::StopIsAwaited)
            }
            Role::Looking(election) => {
                let are_written = server.durable.are_epochs_written();
                require(are_written, Invariant::EpochsAreWrittenBeforeVoting)?;
                election.check(server)
            }
            Role::Elected => require(server.is_log_busy(), Invariant::RoleIsAwaited),
            Role::Following(follower) => follower.check(server),
            Role::Leading(leader) => {
                let is_awaited = !leader.is_closing() || !server.writer.is_idle();
                require(is_awaited, Invariant::StopIsAwaited)?;
                leader.check(server)
            }
        }
    }

    #[cold]
    #[inline]
    fn complaint(&self, broken: Option<Invariant>) -> String {
        let broken = broken.map(|invariant| invariant.to_string()).unwrap_or_default();
        format!("{} broke an invariant of the core ({broken}): {self:?}", self.server.id)
    }

    /// The phase of the role, if it has one.
    #[inline]
    const fn phase(&self) -> Option<Phase> {
        match &self.role {
            Role::Dead | Role::Stopping(_) | Role::Looking(_) | Role::Elected => None,
            Role::Following(follower) => Some(follower.progress()),
            Role::Leading(leader) => Some(leader.progress()),
        }
    }

    #[inline]
    fn serves_in_broadcast(&self) -> bool {
        self.server.serving == (self.phase() == Some(Phase::Broadcast))
    }

    #[inline]
    fn vote_is_of_the_role(&self) -> bool {
        let Server { vote, id, .. } = &self.server;
        match &self.role {
            Role::Dead | Role::Stopping(_) | Role::Looking(_) | Role::Elected => true,
            Role::Following(follower) => vote.leader == follower.leader() && vote.leader != *id,
            Role::Leading(leader) => {
                let is_established = leader.progress() == Phase::Broadcast;
                vote.leader == *id && (!is_established || vote.peer_epoch == leader.epoch())
            }
        }
    }

    #[inline]
    fn writer_serves_the_role(&self) -> bool {
        let to = match &self.role {
            Role::Dead | Role::Stopping(_) => return true,
            Role::Looking(_) | Role::Elected => None,
            Role::Following(follower) => follower.ack_to(),
            Role::Leading(_) => Some(AckTo::Myself),
        };
        to.is_some_and(|to| self.server.writer.acknowledges_only_to(to))
    }

    /// Only the reference loads memory at every step-down: keeping it is what ZOOKEEPER-2845 and
    /// its successors are about. A cut that nobody waits for may fail after memory was loaded, and the
    /// log of an epoch that was led twice does not ascend (leads-unpromised). A purge may remove what the
    /// server has just loaded (ZOOKEEPER-2574).
    #[inline]
    fn memory_is_recovered(&self) -> bool {
        let Server { memory, durable, variant, releases, .. } = &self.server;
        let is_due = match &self.role {
            Role::Dead | Role::Stopping(_) | Role::Elected => false,
            Role::Looking(_) => true,
            Role::Following(follower) => follower.progress() == Phase::Discovery,
            Role::Leading(leader) => !leader.is_closing() && leader.progress() != Phase::Broadcast,
        };
        !is_due
            || memory.last_zxid() == durable.last_zxid()
            || variant.shutdown != Shutdown::DrainThenReload
            || variant.trunc_unflushed
            || durable.has_removed_open_log()
            || releases.any(|variant| variant.leads_unpromised)
    }
}

/// The parts of a sample.
#[cfg(test)]
impl Node {
    pub(crate) const fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    pub(crate) fn election(&mut self) -> &mut Election {
        match &mut self.role {
            Role::Looking(election) => election,
            other => unreachable!("the sample looks for a leader: {other:?}"),
        }
    }

    pub(crate) fn follower(&mut self) -> &mut Follower {
        match &mut self.role {
            Role::Following(follower) => follower,
            other => unreachable!("the sample follows: {other:?}"),
        }
    }

    pub(crate) fn leader(&mut self) -> &mut Leader {
        match &mut self.role {
            Role::Leading(leader) => leader,
            other => unreachable!("the sample leads: {other:?}"),
        }
    }
}

/// Servers whose role and state do not agree.
#[cfg(test)]
pub(crate) fn broken() -> Vec<(Invariant, Node)> {
    use crate::event::File;
    use crate::ids::{Epoch, NodeId, Zxid};
    use crate::invariants::samples::{
        breaks, closing, connected, established, following, leading, looking, stopping, txn,
    };

    vec![
        breaks(Invariant::ServesInBroadcast, looking(), |node| node.server.serving = true),
        breaks(Invariant::ServesInBroadcast, established(), |node| node.server.serving = false),
        breaks(Invariant::WriterServesTheRole, looking(), |node| {
            node.server.log(txn(2, 1), AckTo::Myself);
        }),
        breaks(Invariant::WriterServesTheRole, following(), |node| {
            node.server.log(txn(2, 2), AckTo::Myself);
        }),
        breaks(Invariant::BatchIsLogged, leading(), |node| node.server.truncate(Zxid::new(2, 2))),
        breaks(Invariant::EpochsAreWrittenBeforeVoting, looking(), |node| {
            let Server { durable, out, .. } = &mut node.server;
            durable.write_accepted_epoch(Epoch(2), out);
        }),
        breaks(Invariant::MemoryIsRecovered, looking(), |node| {
            node.server.memory.apply(&txn(1, 3))
        }),
        breaks(Invariant::MemoryIsRecovered, connected(), |node| node.server.append(txn(1, 3))),
        breaks(Invariant::VoteIsOfTheRole, leading(), |node| node.server.vote.leader = NodeId(1)),
        breaks(Invariant::VoteIsOfTheRole, leading(), |node| {
            node.server.vote.peer_epoch = Epoch(1);
        }),
        breaks(Invariant::VoteIsOfTheRole, following(), |node| node.server.vote.leader = NodeId(1)),
        breaks(Invariant::RoleIsAwaited, looking(), |node| {
            node.role = Role::Elected;
        }),
        breaks(Invariant::StopIsAwaited, closing(), |node| node.server.writer.end()),
        breaks(Invariant::StopIsAwaited, stopping(), |node| {
            node.server.writer.end();
            let flush = node.server.flush();
            node.server.durable.on_done(File::Log, flush);
        }),
    ]
}
