//! What may happen next in a state.

use super::bounds::Bounds;
use super::choice::{Choice, OnDisk};
use super::setting::Setting;
use super::state::State;
use crate::network::Next;
use zab_core::NodeId;
use zab_core::message::ServerState;

impl State {
    /// What may happen next. In each state the order is its own; a [`Choice`] means the same in all.
    pub(super) fn choices(&self, setting: &Setting) -> Vec<Choice> {
        let mut choices = Vec::with_capacity(24);
        self.arrivals(&mut choices);
        self.completions(&mut choices);
        if setting.free.retry {
            choices.extend(self.next_to_try_again().map(|server| Choice::Retry(server.0)));
        }
        self.elections(setting, &mut choices);
        self.actions(setting, &mut choices);
        choices
    }

    /// Packets arrive, and connections are found to be gone.
    fn arrivals(&self, choices: &mut Vec<Choice>) {
        for end in self.world.ends() {
            let (from, to) = (end.from.0, end.to.0);
            match end.next {
                Next::Up | Next::Packet | Next::Down => {
                    choices.push(Choice::Deliver(from, to, end.age));
                }
                Next::Nothing => {}
            }
            if end.may_break && end.next != Next::Down {
                choices.push(Choice::Break(to, from, end.age));
            }
        }
    }

    /// What servers have asked for happens: of the operations on one file the oldest first.
    fn completions(&self, choices: &mut Vec<Choice>) {
        for choice in self.dues.iter().filter_map(|due| Choice::of(*due)) {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
    }

    /// Servers find a leader, and leaders find out that they are none.
    fn elections(&self, setting: &Setting, choices: &mut Vec<Choice>) {
        let config = self.world.config();
        let looking: Vec<NodeId> =
            config.members().filter(|server| self.world.is_looking(*server)).collect();
        let is_free = setting.free.election;
        if is_free {
            let heard = self.world.heard_next().map(|(from, to)| Choice::Hear(from.0, to.0));
            choices.extend(heard);
            choices.extend(looking.iter().map(|server| Choice::LosePatience(server.0)));
        } else {
            let all: u8 = looking.iter().map(|server| 1 << server.0).sum();
            let is_quorum = |mask: &u8| mask.count_ones() as usize >= config.majority();
            let masks = (1..=all).filter(|mask| mask & !all == 0).filter(is_quorum);
            choices.extend(masks.map(Choice::Elect));
        }
        for leader in config.members().filter(|server| self.leads(*server)) {
            let follows = |server: &NodeId| self.follows(*server) == Some(leader);
            let followers = config.members().filter(follows).count();
            if followers + 1 < config.majority() {
                choices.push(Choice::GiveUp(leader.0));
            } else if !is_free {
                choices.extend(looking.iter().map(|server| Choice::Join(server.0)));
            }
        }
    }

    /// Clients and faults, as far as the bounds go, and starts.
    fn actions(&self, setting: &Setting, choices: &mut Vec<Choice>) {
        let Setting { bounds, free, .. } = setting;
        for server in self.world.config().members() {
            if !self.world.is_up(server) {
                choices.push(Choice::Start(server.0));
                continue;
            }
            let serves = self.world.is_serving(server) && self.next_client().is_some();
            if self.spent.writes < bounds.writes && serves && (free.client || self.leads(server)) {
                choices.push(Choice::Write(server.0));
            }
            if self.spent.reads < bounds.reads && serves {
                choices.push(Choice::Read(server.0));
            }
            self.ends(server, bounds, choices);
            if self.spent.step_downs < bounds.step_downs && !self.world.is_looking(server) {
                choices.push(Choice::StepDown(server.0));
            }
        }
        self.errors(bounds, choices);
        if self.spent.cuts < bounds.cuts {
            for end in self.world.ends() {
                let cut = Choice::Cut(end.from.0.min(end.to.0), end.from.0.max(end.to.0));
                if !end.may_break && !choices.contains(&cut) {
                    choices.push(cut);
                }
            }
        }
    }

    /// How the process of a server may end.
    fn ends(&self, server: NodeId, bounds: &Bounds, choices: &mut Vec<Choice>) {
        if self.spent.restarts < bounds.restarts {
            choices.push(Choice::Kill(server.0));
        }
        if self.spent.power_losses < bounds.power_losses {
            let at_risk = u8::try_from(self.world.at_risk(server)).unwrap_or(u8::MAX);
            choices.extend((0..=at_risk).map(|kept| Choice::PowerLoss(server.0, kept)));
        }
        if self.spent.blank_disks < bounds.blank_disks && self.world.may_blank(server) {
            choices.push(Choice::Blank(server.0));
        }
    }

    /// What a disk would complete next may fail.
    fn errors(&self, bounds: &Bounds, choices: &mut Vec<Choice>) {
        let completions: Vec<(u8, OnDisk)> = choices
            .iter()
            .filter_map(|choice| match *choice {
                Choice::Disk(server, file) => Some((server, file)),
                _ => None,
            })
            .collect();
        let failing = |make: fn(u8, OnDisk) -> Choice| {
            completions.iter().map(move |(server, file)| make(*server, *file))
        };
        if self.spent.write_errors < bounds.write_errors {
            choices.extend(failing(Choice::FailWrite));
        }
        if self.spent.flush_errors < bounds.flush_errors {
            choices.extend(failing(Choice::FailFlush));
        }
    }

    pub(super) fn leads(&self, server: NodeId) -> bool {
        self.world.view(server).is_some_and(|view| view.state == ServerState::Leading)
    }

    /// Whether nothing happens unless somebody acts.
    pub(super) fn is_at_rest(choices: &[Choice]) -> bool {
        choices.iter().all(|choice| choice.is_action())
    }
}
