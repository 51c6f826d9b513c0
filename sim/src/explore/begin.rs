//! What somebody chooses begins to happen.

use super::choice::{Choice, OnDisk};
use super::state::State;
use crate::due::{Due, Effects, Later};
use crate::network::End;
use crate::schedule::{Act, CLIENTS, ClientOp, CrashMode, Files};
use crate::world::World;
use zab_core::{Key, NodeId, Time};

impl State {
    /// Begins with it. False if it cannot happen.
    pub(super) fn begin(&mut self, now: Time, choice: Choice, fx: &mut Effects) -> bool {
        match choice {
            Choice::Write(server) => return self.ask(now, (server, ClientOp::Write), fx),
            Choice::Read(server) => return self.ask(now, (server, ClientOp::Read), fx),
            Choice::Kill(_)
            | Choice::PowerLoss(..)
            | Choice::StepDown(_)
            | Choice::Cut(..)
            | Choice::GiveUp(_)
            | Choice::Blank(_)
            | Choice::Start(_) => self.strike(now, choice, fx),
            Choice::Elect(_) | Choice::Join(_) | Choice::Hear(..) | Choice::LosePatience(_) => {
                return self.elect(now, choice, fx);
            }
            Choice::Deliver(from, to, age) | Choice::Break(to, from, age) => {
                let wanted = (NodeId(from), NodeId(to), age);
                let ends = self.world.ends();
                let is_wanted = |end: &&End| (end.from, end.to, end.age) == wanted;
                let Some(End { conn, end, .. }) = ends.iter().find(is_wanted).copied() else {
                    return false;
                };
                let due = match choice {
                    Choice::Deliver(..) => Due::Arrive { conn, end },
                    _ => Due::Reset { conn, end },
                };
                self.world.apply(now, due, fx);
            }
            Choice::Retry(server) => {
                if self.next_to_try_again() != Some(NodeId(server)) {
                    return false;
                }
                self.world.tick(now, NodeId(server), fx);
            }
            Choice::FailWrite(server, file) | Choice::FailFlush(server, file) => {
                return self.fail(now, choice, (server, file), fx);
            }
            Choice::Connect(..) | Choice::Disk(..) | Choice::Turn(..) | Choice::Client(_) => {
                let Some(at) = self.dues.iter().position(|due| Choice::of(*due) == Some(choice))
                else {
                    return false;
                };
                let due = self.dues.remove(at);
                self.world.apply(now, due, fx);
            }
        }
        true
    }

    /// A fault strikes, or a server starts.
    fn strike(&mut self, now: Time, choice: Choice, fx: &mut Effects) {
        let Self { world, spent, .. } = self;
        let step_down = |world: &mut World, server: u8, fx: &mut Effects| {
            let due = Due::StepDown { server: NodeId(server), life: world.life(NodeId(server)) };
            world.apply(now, due, fx);
        };
        match choice {
            Choice::Kill(server) => {
                spent.restarts += 1;
                world.act(now, Act::Kill { server, down_us: 0 }, fx);
            }
            Choice::PowerLoss(server, kept) => {
                spent.power_losses += 1;
                let disk = match kept {
                    0 => CrashMode::LoseAll,
                    _ => CrashMode::KeepPrefix(kept),
                };
                world.act(now, Act::PowerLoss { server, disk, down_us: 0 }, fx);
            }
            Choice::StepDown(server) => {
                spent.step_downs += 1;
                step_down(world, server, fx);
            }
            Choice::Blank(server) => {
                spent.blank_disks += 1;
                world.act(now, Act::BlankDisk { server, down_us: 0 }, fx);
            }
            Choice::GiveUp(server) => step_down(world, server, fx),
            Choice::Cut(a, b) => {
                spent.cuts += 1;
                world.sever(now, NodeId(a), NodeId(b), fx);
            }
            Choice::Start(server) => {
                let (server, life) = (NodeId(server), world.life(NodeId(server)));
                world.apply(now, Due::Later(Later::Start { server, life }), fx);
            }
            other => unreachable!("no fault: {other}"),
        }
    }

    /// The oldest operation on a file fails, if there is one.
    fn fail(
        &mut self,
        now: Time,
        choice: Choice,
        (server, on): (u8, OnDisk),
        fx: &mut Effects,
    ) -> bool {
        let completion = Choice::Disk(server, on);
        let Some(at) = self.dues.iter().position(|due| Choice::of(*due) == Some(completion)) else {
            return false;
        };
        let (file, for_us) = (Files::from(on), 0);
        let act = match choice {
            Choice::FailWrite(..) => {
                self.spent.write_errors += 1;
                Act::WriteError { server, file, for_us }
            }
            _ => {
                self.spent.flush_errors += 1;
                Act::FlushError { server, file, for_us }
            }
        };
        self.world.act(now, act, fx);
        let due = self.dues.remove(at);
        self.world.apply(now, due, fx);
        true
    }

    /// Something happens in an election. False if it cannot.
    fn elect(&mut self, now: Time, choice: Choice, fx: &mut Effects) -> bool {
        let world = &mut self.world;
        match choice {
            Choice::Elect(mask) => {
                let members = world.config().members();
                let members: Vec<NodeId> = members.filter(|id| mask >> id.0 & 1 == 1).collect();
                world.elect(now, &members, fx)
            }
            Choice::Join(server) => world.join(now, NodeId(server), fx),
            Choice::Hear(from, to) => world.hear(now, NodeId(from), NodeId(to), fx),
            Choice::LosePatience(server) => {
                let is_looking = world.is_looking(NodeId(server));
                if is_looking {
                    world.lose_patience(now, NodeId(server), fx);
                }
                is_looking
            }
            other => unreachable!("no election: {other}"),
        }
    }

    /// The next client that has not asked anything and does not wait.
    pub(super) fn next_client(&self) -> Option<u8> {
        (self.asked..CLIENTS).find(|client| self.world.client(*client).is_idle())
    }

    fn ask(&mut self, now: Time, (server, op): (u8, ClientOp), fx: &mut Effects) -> bool {
        let Some(client) = self.next_client() else { return false };
        let writes = self.spent.writes;
        // What is read is what was written last.
        let key = match op {
            ClientOp::Write => {
                self.spent.writes += 1;
                writes
            }
            _ => {
                self.spent.reads += 1;
                writes.saturating_sub(1)
            }
        };
        self.asked = client + 1;
        self.world.invoke(now, (client, NodeId(server)), (op, Key(key)), fx);
        true
    }
}
