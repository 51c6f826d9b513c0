//! The verbs of a gated ensemble, in which nothing happens but what a line lets happen: a story that
//! was told event by event is followed event by event.

use super::super::board::State;
use super::super::gate::LogUntil;
use super::super::jute::quorum::Kind;
use super::super::link::{Fate, Gated, Offer};
use super::super::matter::{Files, Message, Messages, Operation, Way};
use super::super::server::Role;
use super::{Condition, Ensemble, Outcome, Trouble};
use zab_core::{NodeId, Zxid};

impl Ensemble {
    /// From now on no packet passes, no vote is heard, no log is written, and no server learns of the
    /// end of a connection, but as far as one of the other verbs says.
    pub fn gate(&self) {
        self.board.change(|state| {
            state.packets.gated = Some(Gated::default());
            state.files.gated = true;
        });
    }

    /// Waits until a packet stands in front on its way, and lets it pass. If another one stands there,
    /// nothing passes, and that is returned.
    ///
    /// # Errors
    ///
    /// None comes.
    pub fn pass(&self, messages: &Messages) -> Outcome<Option<Messages>> {
        let found = self.board.wait(self.patience, |state| {
            self.admit(state, messages);
            match state.packets.offer(messages) {
                Offer::Stands(at) => {
                    state.packets.permit(at);
                    Some(Ok(at))
                }
                Offer::Another(other) => Some(Err(other)),
                Offer::Nothing => None,
            }
        });
        let at = match found {
            Some(Ok(at)) => at,
            Some(Err(other)) => return Ok(Some(other)),
            None => return Err(self.in_vain(&format!("{messages} to be sent"))),
        };
        let fate = self.board.wait(self.patience, |state| {
            state.packets.sent.get(at).map(|sent| sent.fate).filter(|fate| *fate != Fate::Held)
        });
        match fate {
            Some(Fate::Passed) => Ok(None),
            _ => Err(Trouble::Story(format!("{messages} is lost"))),
        }
    }

    /// A line is about the first packet of a learner: its leader may hear it call.
    pub(super) fn admit(&self, state: &mut State, messages: &Messages) {
        if messages.message == Message::Packet(Kind::FOLLOWERINFO) {
            state.packets.admit(messages.way);
        }
    }

    /// Lets servers hear each other's votes, until one of them is muted.
    pub fn vote(&self, servers: &[NodeId]) {
        self.board.change(|state| {
            let roles: Vec<_> = state.lives.iter().map(|life| life.role).collect();
            let follows = |id: NodeId| roles[id.index()] == Role::Following;
            state.packets.open_votes(servers, follows);
        });
    }

    /// Lets nobody hear the votes of these servers, and them nobody's.
    pub fn mute(&self, servers: &[NodeId]) {
        self.board.change(|state| servers.iter().for_each(|id| state.packets.mute(*id)));
    }

    /// Has one server see its connections with another one end. A follower that is about to dial does
    /// so first.
    ///
    /// # Errors
    ///
    /// A follower does not dial.
    pub fn end(&self, way: Way) -> Outcome<()> {
        let ended = self.board.wait(self.patience, |state| {
            let dials = state.life(way.from).role == Role::Following;
            (!dials || state.packets.has_end(way)).then(|| state.packets.end_at(way))
        });
        ended.ok_or_else(|| self.in_vain(&format!("{} to dial {}", way.from, way.to)))
    }

    /// Lets a server write its log up to a record, and force it to the disk or not.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn log_until(&self, server: NodeId, zxid: Zxid, durable: bool) -> Outcome<()> {
        let flushes = Files { file: "log".to_owned(), operation: Some(Operation::Fsync) };
        let stands = Condition::AtFile(server, flushes);
        let first = if durable { LogUntil::Flushed(zxid) } else { LogUntil::Written(zxid) };
        self.board.change(|state| state.files.logs.push((server, first)));
        let done = self.board.wait(self.patience, |state| {
            let so_far = match durable {
                true => state.files.logs.contains(&(server, LogUntil::Done)),
                // The same record may be there from before: it is written when it is to be flushed.
                false => {
                    self.holds(state, &stands)
                        && self.holds(state, &Condition::Logged(server, zxid))
                }
            };
            so_far.then_some(())
        });
        self.board.change(|state| state.files.logs.retain(|(id, _)| *id != server));
        let what = if durable { "durable" } else { "written, and to be forced to the disk" };
        done.ok_or_else(|| self.in_vain(&format!("{zxid} at {server} to be {what}")))
    }
}
