//! Schedules for clients that queue for a lock.
//!
//! What they do is not in a schedule, so there is less to draw: what matters is that a session ends, or nearly
//! does, while something else goes on. An outage that is a little longer than a session lives is the
//! measure of everything here.

use super::{Swarm, motif};
use crate::rng::Rng;
use zab_sim::schedule::{CLIENTS, ClientOp, KEYS, StallTarget, Workload};
use zab_sim::{Act, Action, Schedule};

/// How long an outage is that ends sessions, in microseconds: they live 160 ms after the last sign, and up
/// to a tick more.
const OUTAGE_US: (u64, u64) = (160_000, 420_000);

/// A schedule for this many servers.
pub(super) fn schedule(rng: &mut Rng, servers: u8) -> Schedule {
    let swarm = Swarm::draw(rng, servers);
    let horizon_us = rng.spread(250_000, 1_500_000);
    let mut actions = Vec::new();
    for _ in 0..rng.spread(1, 6) {
        let at_us = rng.below(horizon_us);
        if rng.one_in(3) {
            motif::burst(rng, &swarm, at_us, &mut actions);
        } else {
            let burst = BURSTS[rng.index(BURSTS.len())];
            burst(rng, &swarm, at_us, &mut actions);
        }
    }
    let workload = Workload::Locks;
    let mut schedule = Schedule { actions, workload, ..Schedule::empty(rng.draw(), servers) };
    schedule.repair();
    schedule
}

type Burst = fn(&mut Rng, &Swarm, u64, &mut Vec<Action>);

const BURSTS: [Burst; 7] = [
    outlast,
    hold_back,
    end_in_the_dark,
    fall_behind,
    change_hands,
    come_back_and_vanish,
    come_back_and_vanish,
];

/// A duration about as long as a session lives.
fn outage(rng: &mut Rng) -> u64 {
    rng.between(OUTAGE_US.0, OUTAGE_US.1)
}

/// The clients of a server are not heard of for longer than their sessions live.
fn outlast(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let for_us = outage(rng);
    let act = match rng.below(4) {
        0 => Act::StallNode { server, for_us },
        1 => Act::Cut { from: server, to: swarm.other(rng, server), both_ways: false, for_us },
        2 => Act::StallActor { server, actor: StallTarget::Senders, for_us },
        _ => Act::Isolate { server, for_us },
    };
    actions.push(Action { at_us, act });
}

/// What the clients of a server ask for stands on the way until their sessions have ended, and arrives then: a
/// peer counts as gone hardly later than a session ends. It matters on the way to who leads, and while the holder
/// of the lock writes, which is now and then: so it happens more than once.
fn hold_back(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    // Of those who know as much the last one comes to lead.
    let last = swarm.ensemble() - 1;
    let to = if rng.one_in(2) { last } else { swarm.server(rng) };
    let from = swarm.other(rng, to);
    let mut at_us = at_us;
    for _ in 0..rng.between(1, 4) {
        let open_only = rng.one_in(2);
        let for_us = rng.between(OUTAGE_US.0, 240_000);
        actions.push(Action { at_us, act: Act::Clog { from, to, open_only, for_us } });
        at_us += for_us + rng.between(100_000, 600_000);
    }
}

/// The clients of a server are not heard of, and what ends their sessions gets to one log or none: nobody else
/// hears of it, or no other disk takes it. Then those who know of it go down.
fn end_in_the_dark(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let for_us = outage(rng);
    actions.push(Action { at_us, act: Act::Isolate { server, for_us } });
    let over_us = at_us + for_us - rng.below(60_000);
    for other in (0..swarm.ensemble()).filter(|other| *other != server) {
        match rng.below(4) {
            0 => {
                let for_us = for_us + rng.spread(1_000, 60_000);
                actions.push(Action { at_us, act: Act::StallDisk { server: other, for_us } });
            }
            1 => {
                let down_us = rng.spread(1_000, 400_000);
                actions.push(Action { at_us: over_us, act: Act::Kill { server: other, down_us } });
            }
            _ => {}
        }
    }
    if rng.one_in(2) {
        let down_us = rng.spread(1_000, 400_000);
        actions.push(Action { at_us: over_us, act: Act::Kill { server, down_us } });
    }
}

/// A server misses so much that it comes back by a snapshot, or with an empty disk.
fn fall_behind(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    miss_much(rng, swarm, (server, at_us), actions);
}

/// See [`fall_behind`].
fn miss_much(rng: &mut Rng, swarm: &Swarm, (server, at_us): (u8, u64), actions: &mut Vec<Action>) {
    if rng.one_in(3) {
        let down_us = rng.spread(1_000, 60_000);
        actions.push(Action { at_us, act: Act::BlankDisk { server, down_us } });
        return;
    }
    let down_us = rng.between(40_000, 200_000);
    actions.push(Action { at_us, act: Act::Kill { server, down_us } });
    let other = swarm.other(rng, server);
    for _ in 0..rng.between(5, 10) {
        let client = rng.below(CLIENTS.into()) as u8;
        let key = rng.below(KEYS as u64) as u8;
        let write = Act::Client { client, server: other, op: ClientOp::Write, key };
        actions.push(Action { at_us: at_us + rng.below(down_us), act: write });
    }
}

/// A server comes back after it has missed a good deal, perhaps as the leader, and is cut off soon after: long
/// enough to end sessions by itself, and about as long as others take to go on without it.
fn come_back_and_vanish(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    // Of those who know as much the last one comes to lead.
    let last = swarm.ensemble() - 1;
    let server = if rng.one_in(2) { last } else { swarm.server(rng) };
    if rng.one_in(2) {
        let for_us = rng.between(200_000, 800_000);
        actions.push(Action { at_us, act: Act::Isolate { server, for_us } });
    } else {
        miss_much(rng, swarm, (server, at_us), actions);
    }
    let mut at_us = at_us + rng.between(150_000, 900_000);
    for _ in 0..rng.below(3) {
        let other = swarm.other(rng, server);
        let act = match rng.below(3) {
            0 => Act::StepDown { server: other },
            1 => Act::Kill { server: other, down_us: rng.spread(1_000, 50_000) },
            _ => Act::StallDisk { server, for_us: rng.spread(10_000, 150_000) },
        };
        actions.push(Action { at_us, act });
        at_us += rng.spread(200, 60_000);
    }
    at_us += rng.between(20_000, 300_000);
    let for_us = rng.between(OUTAGE_US.0, 320_000);
    actions.push(Action { at_us, act: Act::Isolate { server, for_us } });
    // Then clients go elsewhere, some of them to that server.
    for _ in 0..rng.below(3) {
        at_us += for_us + rng.spread(5_000, 200_000);
        let other = swarm.other(rng, server);
        let act = match rng.below(3) {
            0 => Act::StepDown { server: other },
            1 => Act::Kill { server: other, down_us: rng.spread(1_000, 100_000) },
            _ => Act::Isolate { server: other, for_us: rng.spread(1_000, 250_000) },
        };
        actions.push(Action { at_us, act });
    }
}

/// One server after the other is lost, so that others lead.
fn change_hands(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let mut at_us = at_us;
    for _ in 0..rng.between(1, 3) {
        let (server, down_us) = (swarm.server(rng), rng.spread(1_000, 300_000));
        let act = match rng.below(3) {
            0 => Act::StepDown { server },
            1 => Act::PowerLoss { server, disk: swarm.disk(rng), down_us },
            _ => Act::Kill { server, down_us },
        };
        actions.push(Action { at_us, act });
        at_us += rng.spread(200, 100_000);
    }
}
