//! Bursts: a few faults that belong together, within milliseconds or within an election of each
//! other.
//!
//! None of them knows a bug. They are the situations that recovery protocols are made for: the
//! leader is lost while something is unfinished, a server dies while its disk is behind, a
//! majority changes hands.

use super::Swarm;
use super::swarm::release;
use crate::rng::Rng;
use zab_sim::schedule::{CLIENTS, ClientOp, Files, StallTarget};
use zab_sim::{Act, Action};

/// How many motifs there are.
pub const COUNT: usize = MOTIFS.len();

type Motif = fn(&mut Rng, &Swarm, u64, &mut Vec<Action>);

const MOTIFS: [Motif; 14] = [
    unrelated,
    lose_power_while_behind,
    lose_power_after_a_kill,
    write_in_the_dark,
    reconnect_while_behind,
    rejoin_and_die_behind,
    die_catching_up,
    alone_after_catching_up,
    lose_a_server,
    change_of_majority,
    write_to_a_bad_disk,
    elect_with_a_bad_disk,
    upgrade_one_after_the_other,
    purge_and_restart,
];

/// Adds a burst that begins about this time.
pub fn burst(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let motif = MOTIFS[rng.weighted(&swarm.motifs).unwrap_or(0)];
    motif(rng, swarm, at_us, actions);
}

/// Faults that have nothing in common but the time.
fn unrelated(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let mut at_us = at_us;
    for _ in 0..rng.spread(1, 6) {
        actions.push(Action { at_us, act: swarm.fault(rng) });
        at_us += rng.spread(200, 30_000);
    }
}

/// The disk or the log writer of a server stalls.
fn stall_logging(rng: &mut Rng, server: u8, for_us: u64) -> Act {
    if rng.one_in(2) {
        Act::StallDisk { server, for_us }
    } else {
        Act::StallActor { server, actor: StallTarget::LogWriter, for_us }
    }
}

/// The disk or the log writer of a server stalls, and the server goes down before it has caught up.
fn lose_power_while_behind(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let for_us = swarm.duration(rng);
    actions.push(Action { at_us, act: stall_logging(rng, server, for_us) });
    let loss = Act::PowerLoss { server, disk: swarm.disk(rng), down_us: swarm.duration(rng) };
    actions.push(Action { at_us: at_us + rng.spread(200, for_us), act: loss });
}

/// A server is killed while its disk is behind, and its power goes later on.
fn lose_power_after_a_kill(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let for_us = rng.spread(1_000, 200_000);
    actions.push(Action { at_us, act: Act::StallDisk { server, for_us } });
    let killed_us = at_us + rng.spread(200, for_us);
    let kill = Act::Kill { server, down_us: rng.spread(200, 100_000) };
    actions.push(Action { at_us: killed_us, act: kill });
    let loss = Act::PowerLoss { server, disk: swarm.disk(rng), down_us: swarm.duration(rng) };
    actions.push(Action { at_us: killed_us + rng.spread(20_000, 1_000_000), act: loss });
}

/// A server is asked to write while nobody else hears of it, or nobody else gets it to disk.
fn write_in_the_dark(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let for_us = swarm.duration(rng);
    if rng.one_in(3) {
        actions.push(Action { at_us, act: Act::Isolate { server, for_us } });
    } else {
        for other in (0..swarm.ensemble()).filter(|other| *other != server) {
            let act = match rng.below(4) {
                0 => Act::Cut { from: server, to: other, both_ways: true, for_us },
                1 => Act::StallDisk { server: other, for_us },
                2 => Act::Kill { server: other, down_us: for_us },
                _ => Act::Isolate { server: other, for_us },
            };
            actions.push(Action { at_us, act });
        }
    }
    let Act::Client { client, key, .. } = swarm.client(rng) else {
        return;
    };
    let write = Act::Client { client, server, op: ClientOp::Write, key };
    actions.push(Action { at_us: at_us + rng.spread(200, for_us), act: write });
}

/// A server is asked to write while its disk or its committer is behind; a connection breaks and another is made before
/// the write is durable, and as often as not the server is lost soon after. What is on the way on the
/// old connection is lost, or arrives late.
fn reconnect_while_behind(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let other = swarm.other(rng, server);
    let for_us = rng.spread(10_000, 400_000);
    let stall = match rng.below(3) {
        0 => Act::StallActor { server, actor: StallTarget::Committer, for_us },
        _ => stall_logging(rng, server, for_us),
    };
    actions.push(Action { at_us, act: stall });
    let op = ClientOp::Write;
    let client = rng.below(u64::from(CLIENTS)) as u8;
    let write_us = at_us + rng.spread(200, for_us / 4);
    actions.push(Action { at_us: write_us, act: Act::Client { client, server, op, key: 0 } });
    let breaks_us = write_us + rng.spread(1_000, for_us / 2);
    let breaks = if rng.one_in(2) {
        Act::Reset { a: server, b: other }
    } else {
        let clog = Act::Clog { from: other, to: server, open_only: true, for_us };
        actions.push(Action { at_us: write_us, act: clog });
        Act::StepDown { server: other }
    };
    actions.push(Action { at_us: breaks_us, act: breaks });
    if rng.one_in(2) {
        let lost_us = breaks_us + rng.spread(5_000, for_us);
        lose(rng, swarm, server, lost_us, actions);
    }
}

/// A server whose disk or log writer stalls has to join again, and dies before it has caught up; as
/// often as not somebody reads in between, because what nobody has seen nobody can miss.
fn rejoin_and_die_behind(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let other = swarm.other(rng, server);
    let for_us = rng.spread(5_000, 500_000);
    actions.push(Action { at_us, act: stall_logging(rng, server, for_us) });
    let rejoin = match rng.below(3) {
        0 => Act::StepDown { server },
        1 => Act::StepDown { server: other },
        _ => Act::Reset { a: server, b: other },
    };
    let rejoins_us = at_us + rng.spread(200, for_us / 2);
    actions.push(Action { at_us: rejoins_us, act: rejoin });
    let dies_us = at_us + rng.spread(1_000, for_us);
    let down_us = swarm.duration(rng);
    let death = if rng.one_in(2) {
        Act::Kill { server, down_us }
    } else {
        Act::PowerLoss { server, disk: swarm.disk(rng), down_us }
    };
    actions.push(Action { at_us: dies_us, act: death });
    if rng.one_in(2) {
        let client = rng.below(u64::from(CLIENTS)) as u8;
        let read = Act::Client { client, server: other, op: ClientOp::Read, key: 0 };
        actions.push(Action { at_us: dies_us.saturating_sub(rng.spread(200, 5_000)), act: read });
    }
}

/// A server is away while others write, perhaps with a write that only it knows; it comes back with
/// much to make up for, and dies over it.
fn die_catching_up(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let other = swarm.other(rng, server);
    let away_us = rng.spread(50_000, 800_000);
    let mut write = |rng: &mut Rng, server: u8, at_us: u64| {
        let client = rng.below(u64::from(CLIENTS)) as u8;
        let act = Act::Client { client, server, op: ClientOp::Write, key: 0 };
        actions.push(Action { at_us, act });
    };
    if rng.one_in(2) {
        let writes_us = at_us.saturating_sub(rng.spread(200, 5_000));
        write(rng, server, writes_us);
    }
    for _ in 0..rng.between(1, 8) {
        let writes_us = at_us + rng.below(away_us);
        write(rng, other, writes_us);
    }
    let away = if rng.one_in(2) {
        Act::Isolate { server, for_us: away_us }
    } else {
        Act::Kill { server, down_us: away_us }
    };
    actions.push(Action { at_us, act: away });
    let back_us = at_us + away_us;
    let for_us = rng.spread(5_000, 300_000);
    actions.push(Action { at_us: back_us, act: stall_logging(rng, server, for_us) });
    let disk = swarm.disk(rng);
    let death = Act::PowerLoss { server, disk, down_us: swarm.duration(rng) };
    actions.push(Action { at_us: back_us + rng.spread(5_000, 200_000), act: death });
}

/// A server that was far behind is the only one that gets the next write to disk: the others lose power,
/// and find each other again before they find it.
fn alone_after_catching_up(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let other = swarm.other(rng, server);
    let away_us = rng.spread(50_000, 400_000);
    actions.push(Action { at_us, act: Act::Isolate { server, for_us: away_us } });
    let write = |rng: &mut Rng, server: u8| {
        let client = rng.below(u64::from(CLIENTS)) as u8;
        Act::Client { client, server, op: ClientOp::Write, key: 0 }
    };
    for _ in 0..rng.between(4, 9) {
        let act = write(rng, other);
        actions.push(Action { at_us: at_us + rng.below(away_us), act });
    }
    let alone_us = at_us + away_us + rng.spread(50_000, 200_000);
    let loses_us = alone_us + rng.spread(2_000, 20_000);
    for other in (0..swarm.ensemble()).filter(|other| *other != server) {
        let stall = Act::StallDisk { server: other, for_us: 100_000 };
        actions.push(Action { at_us: alone_us, act: stall });
        let loss = Act::PowerLoss { server: other, disk: swarm.disk(rng), down_us: 10_000 };
        actions.push(Action { at_us: loses_us, act: loss });
    }
    let act = write(rng, server);
    actions.push(Action { at_us: alone_us + 200, act });
    let for_us = rng.spread(100_000, 500_000);
    actions.push(Action { at_us: loses_us, act: Act::Isolate { server, for_us } });
}

/// A server is gone for long enough to be replaced if it leads.
fn lose_a_server(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    lose(rng, swarm, server, at_us, actions);
}

fn lose(rng: &mut Rng, swarm: &Swarm, server: u8, at_us: u64, actions: &mut Vec<Action>) {
    let for_us = rng.spread(100_000, 1_500_000);
    let act = match rng.below(4) {
        0 => Act::Isolate { server, for_us },
        1 => Act::Kill { server, down_us: for_us },
        2 => Act::StallNode { server, for_us },
        _ => Act::PowerLoss { server, disk: swarm.disk(rng), down_us: for_us },
    };
    actions.push(Action { at_us, act });
}

/// Writes, while what a server has to log cannot be flushed or written; as often as not another
/// server is lost over it.
fn write_to_a_bad_disk(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    actions.push(Action { at_us, act: disk_error(rng, server, Files::Log) });
    let mut writes_us = at_us;
    for _ in 0..rng.between(1, 4) {
        let client = rng.below(u64::from(CLIENTS)) as u8;
        let asked = if rng.one_in(2) { server } else { swarm.other(rng, server) };
        let act = Act::Client { client, server: asked, op: ClientOp::Write, key: 0 };
        actions.push(Action { at_us: writes_us, act });
        writes_us += rng.spread(200, 2_000);
    }
    if rng.one_in(2) {
        let lost = if rng.one_in(2) { server } else { swarm.other(rng, server) };
        let lost_us = writes_us + rng.spread(200, 100_000);
        lose(rng, swarm, lost, lost_us, actions);
    }
}

/// A leader is looked for while one server is away, or cannot finish writing what it promises, and another
/// cannot write down its own promise; somebody writes, the first one comes back as a third one goes, and
/// somebody writes again.
fn elect_with_a_bad_disk(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    // The last server leads after the boot.
    let server = if rng.one_in(2) { swarm.ensemble() - 1 } else { swarm.server(rng) };
    let away = swarm.other(rng, server);
    let away_us = rng.between(450_000, 1_200_000);
    let act = match rng.below(3) {
        0 => Act::Isolate { server: away, for_us: away_us },
        1 => Act::Kill { server: away, down_us: away_us },
        _ => Act::StallDisk { server: away, for_us: away_us },
    };
    actions.push(Action { at_us, act });
    if matches!(act, Act::StallDisk { .. }) {
        let lost_us = at_us + away_us.saturating_sub(rng.spread(200, 100_000));
        let (disk, down_us) = (swarm.disk(rng), rng.spread(200, 100_000));
        let act = Act::PowerLoss { server: away, disk, down_us };
        actions.push(Action { at_us: lost_us, act });
    }
    let file = if rng.one_in(4) { Files::CurrentEpoch } else { Files::AcceptedEpoch };
    actions.push(Action { at_us, act: disk_error(rng, server, file) });
    let leaves_us = at_us + rng.spread(200, 5_000);
    actions.push(Action { at_us: leaves_us, act: Act::StepDown { server } });
    let back_us = at_us + away_us;
    let write = |rng: &mut Rng, at_us: u64| {
        let client = rng.below(u64::from(CLIENTS)) as u8;
        Action { at_us, act: Act::Client { client, server, op: ClientOp::Write, key: 0 } }
    };
    let writes_us = back_us.saturating_sub(rng.spread(1_000, 200_000));
    actions.push(write(rng, writes_us));
    let third = (0..swarm.ensemble()).find(|third| *third != server && *third != away);
    let gap_us = rng.spread(200, 60_000);
    let goes_us = if rng.one_in(2) { back_us + gap_us } else { back_us.saturating_sub(3 * gap_us) };
    lose(rng, swarm, third.unwrap_or(away), goes_us, actions);
    let writes_us = goes_us + rng.spread(50_000, 600_000);
    actions.push(write(rng, writes_us));
}

/// An error of this file, once or for a while.
fn disk_error(rng: &mut Rng, server: u8, file: Files) -> Act {
    let for_us = if rng.one_in(2) { 0 } else { rng.spread(1_000, 300_000) };
    match rng.below(6) {
        0 | 1 => Act::FlushError { server, file, for_us },
        2 | 3 => Act::WriteError { server, file, for_us },
        4 => Act::DiskFull { server, file, for_us },
        _ => Act::ReadOnly { server, file, for_us },
    }
}

/// One server comes back as another goes: the next majority shares only one member with the last.
fn change_of_majority(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let other = swarm.other(rng, server);
    let first_us = rng.spread(20_000, 800_000);
    let gap_us = rng.spread(200, 60_000);
    let back_us = at_us + first_us;
    let goes_us = if rng.one_in(2) { back_us + gap_us } else { back_us.saturating_sub(gap_us) };
    actions.push(Action { at_us, act: Act::Isolate { server, for_us: first_us } });
    let second_us = rng.spread(100_000, 1_500_000);
    let act = if rng.one_in(2) {
        Act::Isolate { server: other, for_us: second_us }
    } else {
        Act::PowerLoss { server: other, disk: swarm.disk(rng), down_us: second_us }
    };
    actions.push(Action { at_us: goes_us, act });
}

/// Servers are upgraded in turn, or go back; some or all of them, the next one before or after the
/// last one serves again.
fn upgrade_one_after_the_other(
    rng: &mut Rng,
    swarm: &Swarm,
    at_us: u64,
    actions: &mut Vec<Action>,
) {
    let (to, first) = (release(rng), swarm.server(rng));
    let (down_us, every_us) = (rng.spread(200, 100_000), rng.spread(5_000, 400_000));
    for turn in 0..rng.between(1, swarm.ensemble().into()) {
        let server = (first + turn as u8) % swarm.ensemble();
        let act = Act::Upgrade { server, to, down_us };
        actions.push(Action { at_us: at_us + turn * every_us, act });
    }
}

/// Much is written, or a server joins again and again, so that there are snapshots; servers are purged, then
/// somebody writes on, and servers are restarted or lose their power.
fn purge_and_restart(rng: &mut Rng, swarm: &Swarm, at_us: u64, actions: &mut Vec<Action>) {
    let server = swarm.server(rng);
    let mut at_us = at_us;
    let write = |rng: &mut Rng, client: u8, at_us: u64| {
        let asked = swarm.server(rng);
        let act = Act::Client { client, server: asked, op: ClientOp::Write, key: 0 };
        Action { at_us, act }
    };
    let joins = !rng.one_in(3);
    let writes = if joins { rng.between(3, 9) } else { rng.between(28, 36) };
    for number in 0..writes {
        // In turn, so that hardly any of them finds its client waiting.
        let client = (number % u64::from(CLIENTS)) as u8;
        actions.push(write(rng, client, at_us));
        at_us += rng.spread(1_800, if joins { 20_000 } else { 4_000 });
        if joins && number % 2 == 1 {
            actions.push(Action { at_us, act: Act::StepDown { server } });
            at_us += rng.spread(20_000, 400_000);
        }
    }
    let purges_all = rng.one_in(2);
    let purged = (0..swarm.ensemble()).filter(|other| purges_all || *other == server);
    actions.extend(purged.map(|server| Action { at_us, act: Act::Purge { server } }));
    for client in 0..rng.between(0, 3) as u8 {
        at_us += rng.spread(200, 10_000);
        actions.push(write(rng, client, at_us));
    }
    at_us += rng.spread(200, 50_000);
    let (all, down_us) = (rng.one_in(2), rng.spread(200, 100_000));
    for server in (0..swarm.ensemble()).filter(|other| all || *other == server) {
        let act = match rng.below(3) {
            0 => Act::Kill { server, down_us },
            _ => Act::PowerLoss { server, disk: swarm.disk(rng), down_us },
        };
        actions.push(Action { at_us, act });
    }
}
