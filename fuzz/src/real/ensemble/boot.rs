//! The first election: the last server leads epoch 1, and everybody follows from its first moment.

use super::super::jute::quorum::Kind;
use super::super::link::Fate;
use super::super::matter::{Message, Messages, Way};
use super::super::server::Role;
use super::{Condition, Ensemble, Outcome, Trouble};
use std::time::Duration;
use zab_core::variant::Release;
use zab_core::{NodeId, Zxid};

/// How long the first election may take: virtual machines come up slowly where others are busy too.
pub(super) const BOOT: Duration = Duration::from_secs(90);

impl Ensemble {
    /// Starts every server for the first time, and makes what they have written durable.
    ///
    /// Votes among followers wait until the last server leads: it has the highest number, and nobody
    /// else can have a quorum. Acknowledgements of NEWLEADER wait until all are there: nobody joins
    /// an epoch that runs, which would take a snapshot.
    ///
    /// # Errors
    ///
    /// Somebody does not start, or does not join.
    pub fn boot(&mut self) -> Outcome<()> {
        let all = self.all();
        let Some((leader, followers)) = all.split_last() else { return Ok(()) };
        let acknowledgement = |from: NodeId| Messages {
            message: Message::Packet(Kind::ACK),
            zxid: Some(Zxid::new(1, 0)),
            way: Way { from, to: *leader },
        };
        let votes = followers.iter().flat_map(|from| {
            let others = followers.iter().filter(move |to| *to != from);
            others.map(move |to| Messages {
                message: Message::Notification,
                zxid: None,
                way: Way { from: *from, to: *to },
            })
        });
        let (acknowledgements, votes): (Vec<_>, Vec<_>) =
            (followers.iter().map(|one| acknowledgement(*one)).collect(), votes.collect());
        self.board.change(|state| {
            state.packets.holds.extend(&votes);
            state.packets.holds.extend(&acknowledgements);
        });
        self.start(&all)?;
        let patience = self.patience.max(BOOT);
        let led = self
            .board
            .wait(patience, |state| (state.life(*leader).role == Role::Leading).then_some(()));
        led.ok_or_else(|| self.no_boot(&format!("{leader} does not lead")))?;
        self.board.change(|state| state.packets.holds.retain(|one| !votes.contains(one)));
        let joined = self.board.wait(patience, |state| {
            let held = |one: &Messages| state.packets.any(one, Some(Fate::Held));
            acknowledgements.iter().all(held).then_some(())
        });
        joined.ok_or_else(|| self.no_boot(&format!("not everybody follows {leader}")))?;
        self.board.change(|state| state.packets.holds.clear());
        let serving = self
            .board
            .wait(patience, |state| state.lives.iter().all(|life| life.serves).then_some(()));
        serving.ok_or_else(|| self.no_boot("not everybody serves"))?;
        self.settle(&all)?;
        self.board.change(|state| state.packets.sent.clear());
        Ok(())
    }

    /// Has the next process of servers be of this release.
    pub fn install(&mut self, servers: &[NodeId], release: Release) {
        servers.iter().for_each(|id| self.servers[id.index()].release = release);
    }

    /// Lets everything happen again, and waits until every server serves.
    ///
    /// # Errors
    ///
    /// One does not.
    pub fn wait_for_all(&mut self) -> Outcome<()> {
        self.heal_all();
        self.all().into_iter().try_for_each(|id| self.wait(&Condition::Serves(id)))
    }

    /// Lets everything happen again, starts who does not run, and gives the servers time to agree.
    pub fn recover(&mut self) {
        self.heal_all();
        let running = self.running();
        let down: Vec<_> = self.all().into_iter().filter(|id| !running.contains(id)).collect();
        // Whoever does not come back is seen by the reads that follow.
        let _ = self.start(&down);
        let _ = self.board.wait(self.patience, |state| {
            let running = state.lives.iter().filter(|life| life.pid.is_some());
            let leaders = running.clone().filter(|life| life.role == Role::Leading).count();
            let all_serve = leaders == 1 && running.into_iter().all(|life| life.serves);
            // Who has not heard that its leader is gone serves in an epoch that is over.
            let epoch_of = |id: &NodeId| self.server(*id).epochs().1;
            let mut epochs = self.all().into_iter().filter(|id| state.life(*id).pid.is_some());
            let first = epochs.next().map(|id| epoch_of(&id));
            (all_serve && epochs.all(|id| Some(epoch_of(&id)) == first)).then_some(())
        });
    }

    fn no_boot(&self, what: &str) -> Trouble {
        let states: Vec<String> = self.all().iter().map(|one| self.describe(*one)).collect();
        Trouble::Machine(format!("the ensemble does not start: {what} ({})", states.join("; ")))
    }
}
