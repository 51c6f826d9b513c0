//! Schedules from schedules: edits of whole actions, never of bytes.
//!
//! Whatever is edited, the result is a valid schedule: the last step is [`Schedule::repair`].

use crate::generate::{Swarm, motif};
use crate::rng::Rng;
use zab_sim::schedule::Kind;
use zab_sim::{Act, Action, Schedule};

/// A neighbor of `parent`; some edits take parts of `donor`, and many happen about the moment at
/// which the parent did something that is worth another try.
pub fn mutate(rng: &mut Rng, parent: &Schedule, moment_us: u64, donor: &Schedule) -> Schedule {
    let swarm = Swarm::draw(rng, parent.servers);
    let actions = parent.actions.clone();
    let mut draft = Draft { rng, swarm, actions, moment_us, donor };
    // Mostly one edit to three, now and then more.
    for _ in 0..draft.rng.spread(1, 6) {
        let edit = draft.rng.pick(&EDITS);
        edit(&mut draft);
    }
    while draft.actions.len() > ACTIONS_MAX {
        let victim = draft.rng.index(draft.actions.len());
        draft.actions.remove(victim);
    }
    let seed = if draft.rng.one_in(16) { draft.rng.draw() } else { parent.seed };
    let mut child = Schedule { seed, actions: draft.actions, ..*parent };
    child.repair();
    child
}

/// A schedule that is being edited.
struct Draft<'a> {
    rng: &'a mut Rng,
    swarm: Swarm,
    actions: Vec<Action>,
    moment_us: u64,
    donor: &'a Schedule,
}

/// The most actions of a mutant: with more, executions cost more than they find.
const ACTIONS_MAX: usize = 60;

type Edit = fn(&mut Draft<'_>);

/// Every edit, the frequent ones more than once.
const EDITS: [Edit; 19] = [
    insert,
    insert,
    insert_burst,
    delete,
    delete,
    delete_window,
    cut_tail,
    duplicate,
    retime,
    retime,
    retime,
    shift_tail,
    swap,
    stretch,
    stretch,
    retarget,
    copy_window,
    splice,
    replace,
];

impl Draft<'_> {
    /// A time about the moment, near something that is planned already, or anywhere.
    fn some_time(&mut self) -> u64 {
        let Self { rng, actions, .. } = self;
        match rng.below(6) {
            0..3 => near(rng, self.moment_us),
            3..5 if !actions.is_empty() => {
                let around = rng.index(actions.len());
                near(rng, actions[around].at_us)
            }
            _ => rng.below(actions.last().map_or(500_000, |action| action.at_us + 100_000)),
        }
    }
}

/// A time before or after this one, at a tight or wide distance.
fn near(rng: &mut Rng, at_us: u64) -> u64 {
    let distance = rng.spread(200, 400_000);
    if rng.one_in(2) { at_us + distance } else { at_us.saturating_sub(distance) }
}

fn insert(draft: &mut Draft<'_>) {
    let at_us = draft.some_time();
    let Draft { rng, swarm, actions, .. } = draft;
    let act = if rng.one_in(3) { swarm.client(rng) } else { swarm.fault(rng) };
    actions.push(Action { at_us, act });
}

fn insert_burst(draft: &mut Draft<'_>) {
    let at_us = draft.some_time();
    let Draft { rng, swarm, actions, .. } = draft;
    motif::burst(rng, swarm, at_us, actions);
}

fn delete(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    if !actions.is_empty() {
        let victim = rng.index(actions.len());
        actions.remove(victim);
    }
}

fn delete_window(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    let start = rng.index(actions.len());
    let end = (start + rng.spread(1, 8) as usize).min(actions.len());
    actions.drain(start..end);
}

fn duplicate(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    if !actions.is_empty() {
        let mut copy = actions[rng.index(actions.len())];
        copy.at_us = near(rng, copy.at_us);
        actions.push(copy);
    }
}

fn retime(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    if !actions.is_empty() {
        let chosen = rng.index(actions.len());
        // Next to another action as often as next to where it was.
        let around = if rng.one_in(2) { chosen } else { rng.index(actions.len()) };
        actions[chosen].at_us = near(rng, actions[around].at_us);
    }
}

/// Everything from some action on happens earlier or later.
fn shift_tail(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    if actions.is_empty() {
        return;
    }
    let from_us = actions[rng.index(actions.len())].at_us;
    let distance = rng.spread(200, 400_000);
    let later = rng.one_in(2);
    for action in actions.iter_mut().filter(|action| action.at_us >= from_us) {
        action.at_us =
            if later { action.at_us + distance } else { action.at_us.saturating_sub(distance) };
    }
}

/// Two actions change places in time.
fn swap(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    let (a, b) = (rng.index(actions.len()), rng.index(actions.len()));
    if a != b {
        let act = actions[a].act;
        actions[a].act = actions[b].act;
        actions[b].act = act;
    }
}

/// A duration gets longer or shorter.
fn stretch(draft: &mut Draft<'_>) {
    let Draft { rng, swarm, actions, .. } = draft;
    let lasting: Vec<usize> =
        (0..actions.len()).filter(|i| actions[*i].act.span_us() > 0).collect();
    if lasting.is_empty() {
        return;
    }
    let chosen = rng.pick(&lasting);
    let drawn = swarm.duration(rng);
    let how = rng.below(4);
    if let Some(us) = actions[chosen].act.span_mut() {
        *us = match how {
            0 => *us / 2,
            1 => *us * 2,
            2 => *us + drawn,
            _ => drawn,
        };
    }
}

/// The same at another server, or by another client.
fn retarget(draft: &mut Draft<'_>) {
    let Draft { rng, swarm, actions, .. } = draft;
    if actions.is_empty() {
        return;
    }
    let chosen = rng.index(actions.len());
    let act = &mut actions[chosen].act;
    if let Act::Client { client, .. } = act
        && rng.one_in(2)
    {
        *client = client.wrapping_add(1 + rng.below(3) as u8);
        return;
    }
    for server in act.servers_mut() {
        *server = swarm.other(rng, *server);
    }
    if let Act::Swizzle { mask, .. } = act {
        *mask ^= 1 << swarm.server(rng);
    }
}

/// Nothing happens any more after the moment, or after some time.
fn cut_tail(draft: &mut Draft<'_>) {
    let Draft { rng, actions, .. } = draft;
    let after_us = if rng.one_in(2) || actions.is_empty() {
        draft.moment_us
    } else {
        actions[rng.index(actions.len())].at_us
    };
    actions.retain(|action| action.at_us <= after_us);
}

/// What happens to one server within some time happens to another as well.
fn copy_window(draft: &mut Draft<'_>) {
    let Draft { rng, swarm, actions, .. } = draft;
    if actions.is_empty() {
        return;
    }
    let start_us = actions[rng.index(actions.len())].at_us;
    let end_us = start_us + rng.spread(1_000, 500_000);
    let server = swarm.server(rng);
    let other = swarm.other(rng, server);
    let window: Vec<Action> = actions
        .iter()
        .filter(|action| (start_us..=end_us).contains(&action.at_us))
        .filter(|action| action.act.servers().any(|named| named == server))
        .copied()
        .collect();
    for mut action in window {
        for named in action.act.servers_mut().filter(|named| **named == server) {
            *named = other;
        }
        actions.push(action);
    }
}

/// The beginning of this schedule, the end of another; or a piece of the other inside this one.
fn splice(draft: &mut Draft<'_>) {
    let Draft { rng, actions, donor, .. } = draft;
    if donor.actions.is_empty() {
        return;
    }
    let cut_us = donor.actions[rng.index(donor.actions.len())].at_us;
    if rng.one_in(2) {
        actions.retain(|action| action.at_us < cut_us);
        actions.extend(donor.actions.iter().filter(|action| action.at_us >= cut_us));
    } else {
        let end_us = cut_us + rng.spread(1_000, 500_000);
        let piece = donor.actions.iter().filter(|a| (cut_us..=end_us).contains(&a.at_us));
        actions.extend(piece);
    }
}

/// Another action at the same time.
fn replace(draft: &mut Draft<'_>) {
    let Draft { rng, swarm, actions, .. } = draft;
    if !actions.is_empty() {
        let chosen = rng.index(actions.len());
        let keep_kind = rng.one_in(2);
        let kind = Kind::of(&actions[chosen].act);
        actions[chosen].act = if keep_kind { swarm.fault_of(rng, kind) } else { swarm.fault(rng) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::schedule;

    #[test]
    fn every_mutant_is_valid_and_bounded() {
        let mut rng = Rng::new(4);
        for servers in [3, 5, 7] {
            let mut parent = schedule(&mut rng, servers);
            for _ in 0..2000 {
                let donor = schedule(&mut rng, servers);
                let child = mutate(&mut rng, &parent, 100_000, &donor);
                assert_eq!(child.validate(), Ok(()));
                assert_eq!(child.servers, servers);
                assert!(child.actions.len() <= ACTIONS_MAX);
                parent = if child.actions.is_empty() { donor } else { child };
            }
        }
    }

    #[test]
    fn an_empty_schedule_can_be_mutated() {
        let mut rng = Rng::new(5);
        let empty = Schedule::empty(0, 3);
        for _ in 0..500 {
            assert_eq!(mutate(&mut rng, &empty, 0, &empty).validate(), Ok(()));
        }
    }

    #[test]
    fn mutation_changes_something_nearly_always() {
        let mut rng = Rng::new(6);
        let parent = schedule(&mut rng, 3);
        let donor = schedule(&mut rng, 3);
        let same =
            (0..1000).filter(|_| mutate(&mut rng, &parent, 100_000, &donor) == parent).count();
        assert!(same < 100, "{same} of 1000 mutants are their parent");
    }
}
