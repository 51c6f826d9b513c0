//! What is done to real servers while clients work: faults that are drawn, or those of a schedule.

use super::ensemble::{Ensemble, Outcome};
use super::matter::Way;
use crate::rng::Rng;
use std::collections::BTreeSet;
use zab_core::NodeId;
use zab_sim::Schedule;
use zab_sim::schedule::{Act, Kind};

/// A fault that lasts until it is healed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A process is killed, and started again in the end.
    Kill(NodeId),
    /// The same, and what was not synced is gone.
    Power(NodeId),
    /// Two servers are cut off from each other.
    Cut(Way),
    /// Nothing arrives on one way.
    Silence(Way),
    /// One server is cut off from all others.
    Isolate(NodeId),
    /// The connections of two servers break once.
    Reset(Way),
}

impl Fault {
    fn draw(rng: &mut Rng, servers: &[NodeId]) -> Self {
        let one = rng.pick(servers);
        let others: Vec<_> = servers.iter().copied().filter(|other| *other != one).collect();
        let way = Way { from: one, to: rng.pick(&others) };
        match rng.below(6) {
            0 => Self::Kill(one),
            1 => Self::Power(one),
            2 => Self::Cut(way),
            3 => Self::Silence(way),
            4 => Self::Isolate(one),
            _ => Self::Reset(way),
        }
    }

    /// What this action of a schedule is on real servers, if that can be said without holding
    /// anything at a certain moment.
    fn of(act: Act) -> Option<Self> {
        Some(match act {
            Act::Kill { server, .. } => Self::Kill(NodeId(server)),
            Act::PowerLoss { server, .. } => Self::Power(NodeId(server)),
            Act::Isolate { server, .. } => Self::Isolate(NodeId(server)),
            Act::Cut { from, to, both_ways, .. } => {
                let way = Way { from: NodeId(from), to: NodeId(to) };
                if both_ways { Self::Cut(way) } else { Self::Silence(way) }
            }
            Act::Reset { a, b } => Self::Reset(Way { from: NodeId(a), to: NodeId(b) }),
            _ => return None,
        })
    }

    /// Its name and whom it strikes, for the history.
    pub(crate) fn told(self) -> (&'static str, String) {
        match self {
            Self::Kill(server) => (Kind::Kill.name(), server.to_string()),
            Self::Power(server) => (Kind::PowerLoss.name(), server.to_string()),
            Self::Isolate(server) => (Kind::Isolate.name(), server.to_string()),
            Self::Cut(Way { from, to }) => (Kind::Cut.name(), format!("{from} {to}")),
            Self::Silence(Way { from, to }) => (Kind::Cut.name(), format!("{from} > {to}")),
            Self::Reset(Way { from, to }) => (Kind::Reset.name(), format!("{from} {to}")),
        }
    }

    /// The server that it takes down.
    const fn down(self) -> Option<NodeId> {
        match self {
            Self::Kill(server) | Self::Power(server) => Some(server),
            _ => None,
        }
    }

    /// What it does to the network.
    fn cut(self, ensemble: &Ensemble) {
        match self {
            Self::Kill(_) | Self::Power(_) => {}
            Self::Cut(way) => ensemble.cut(way),
            Self::Silence(way) => ensemble.silence(way),
            Self::Reset(way) => ensemble.reset(way),
            Self::Isolate(from) => {
                let others = ensemble.all().into_iter().filter(|to| *to != from);
                others.for_each(|to| ensemble.cut(Way { from, to }));
            }
        }
    }
}

/// The beginning or the end of a fault.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It begins.
    Strike(Fault),
    /// It is over.
    Heal(Fault),
}

/// Beginnings and ends of faults in order, each at a share of the whole recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    whole: u64,
    deeds: Vec<(u64, Deed)>,
    /// Actions of a schedule that have no meaning here.
    left_out: BTreeSet<Kind>,
}

impl Timeline {
    /// This number of faults, one after the other, with pauses as long as themselves.
    pub fn draw(faults: u64, seed: u64, servers: u8) -> Self {
        let servers: Vec<_> = (0..servers).map(NodeId).collect();
        let mut rng = Rng::of(seed, u64::MAX);
        let deeds = (0..faults).flat_map(|number| {
            let fault = Fault::draw(&mut rng, &servers);
            let at = 2 * number + 1;
            [(at, Deed::Strike(fault)), (at + 1, Deed::Heal(fault))]
        });
        Self { whole: 2 * faults + 1, deeds: deeds.collect(), left_out: BTreeSet::new() }
    }

    /// The faults of a schedule, spread over the recording as they are over the schedule.
    pub fn of(schedule: &Schedule) -> Self {
        let mut deeds = Vec::new();
        let mut left_out = BTreeSet::new();
        for action in &schedule.actions {
            match Fault::of(action.act) {
                Some(fault) => {
                    let (from, span) = (action.at_us, action.act.span_us());
                    deeds.push((from, Deed::Strike(fault)));
                    deeds.push((from + span, Deed::Heal(fault)));
                }
                None => drop(left_out.insert(Kind::of(&action.act))),
            }
        }
        left_out.remove(&Kind::Client);
        deeds.sort_by_key(|(at, _)| *at);
        Self { whole: schedule.end_us().max(1), deeds, left_out }
    }

    /// Kinds of fault of the schedule that are left out.
    pub fn left_out(&self) -> impl Iterator<Item = Kind> {
        self.left_out.iter().copied()
    }

    /// Each deed, and after how many of these operations its time has come.
    pub(crate) fn over(&self, operations: u64) -> impl Iterator<Item = (u64, Deed)> {
        self.deeds.iter().map(move |(at, deed)| (at * operations / self.whole, *deed))
    }
}

/// Strikes and heals, and knows what is going on.
#[derive(Debug, Default)]
pub(crate) struct Nemesis {
    active: Vec<Fault>,
}

impl Nemesis {
    /// Does it.
    pub(crate) fn act(&mut self, deed: Deed, ensemble: &mut Ensemble) -> Outcome<()> {
        match deed {
            Deed::Strike(fault) => {
                ensemble.tell(&format!("fault: {fault:?}"));
                fault.cut(ensemble);
                let running = |server: &NodeId| ensemble.running().contains(server);
                match fault {
                    Fault::Kill(server) if running(&server) => ensemble.kill(&[server])?,
                    Fault::Power(server) if running(&server) => ensemble.power(&[server])?,
                    _ => {}
                }
                self.active.push(fault);
            }
            Deed::Heal(fault) => {
                ensemble.tell(&format!("healed: {fault:?}"));
                if let Some(at) = self.active.iter().position(|active| *active == fault) {
                    self.active.remove(at);
                }
                ensemble.heal_all();
                // What others do is not over.
                let resets = |fault: &&Fault| matches!(fault, Fault::Reset(_));
                self.active.iter().filter(|active| !resets(active)).for_each(|a| a.cut(ensemble));
                let is_down = |server| self.active.iter().any(|one| one.down() == Some(server));
                let back = fault.down().filter(|server| !is_down(*server));
                let back = back.filter(|server| !ensemble.running().contains(server));
                back.map_or(Ok(()), |server| ensemble.start(&[server]))?;
            }
        }
        Ok(())
    }

    /// Everything is over.
    pub(crate) fn end(&mut self, ensemble: &mut Ensemble) -> Outcome<()> {
        while let Some(fault) = self.active.last() {
            self.act(Deed::Heal(*fault), ensemble)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_sim::schedule::Action;

    #[test]
    fn faults_of_a_schedule_keep_their_order_and_their_share_of_the_time() {
        let act = |at_us, act| Action { at_us, act };
        let schedule = Schedule {
            actions: vec![
                act(100_000, Act::Kill { server: 1, down_us: 300_000 }),
                act(200_000, Act::Cut { from: 0, to: 2, for_us: 100_000, both_ways: false }),
                act(200_000, Act::StallDisk { server: 0, for_us: 100_000 }),
                act(1_000_000, Act::Reset { a: 0, b: 1 }),
            ],
            ..Schedule::empty(0, 3)
        };
        let timeline = Timeline::of(&schedule);
        let (kill, silence) =
            (Fault::Kill(NodeId(1)), Fault::Silence(Way { from: NodeId(0), to: NodeId(2) }));
        let reset = Fault::Reset(Way { from: NodeId(0), to: NodeId(1) });
        let end = schedule.end_us();
        let at = |us: u64| us * 1000 / end;
        let expected = [
            (at(100_000), Deed::Strike(kill)),
            (at(200_000), Deed::Strike(silence)),
            (at(300_000), Deed::Heal(silence)),
            (at(400_000), Deed::Heal(kill)),
            (at(1_000_000), Deed::Strike(reset)),
            (at(1_000_000), Deed::Heal(reset)),
        ];
        assert_eq!(timeline.over(1000).collect::<Vec<_>>(), expected);
        assert_eq!(timeline.left_out().collect::<Vec<_>>(), [Kind::StallDisk]);
    }

    #[test]
    fn drawn_faults_are_healed_before_the_next_one_comes() {
        let timeline = Timeline::draw(3, 1, 3);
        let deeds: Vec<_> = timeline.over(700).collect();
        assert_eq!(deeds.iter().map(|(at, _)| at / 100).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        for pair in deeds.chunks(2) {
            let [(_, Deed::Strike(fault)), (_, healed)] = pair else { panic!("{pair:?}") };
            assert_eq!(*healed, Deed::Heal(*fault));
        }
    }
}
