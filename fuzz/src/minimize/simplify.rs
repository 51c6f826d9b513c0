//! Passes that keep the number of actions and make each of them plainer.

use super::Shrink;
use zab_sim::schedule::{ClientOp, CrashMode, StallTarget};
use zab_sim::{Act, Action, Schedule};

/// Every pass.
pub(super) fn all<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    shrink.edit(|schedule| schedule.seed = 0);
    plainer_acts(shrink);
    durations(shrink);
    times(shrink);
    gaps(shrink);
    labels(shrink);
}

/// Replaces actions by plainer ones.
fn plainer_acts<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    let mut index = 0;
    while index < shrink.len() {
        let Action { act, .. } = shrink.current.actions[index];
        let plainer = plainer(&act, shrink.current.servers);
        let found = plainer
            .into_iter()
            .any(|act| shrink.edit(|schedule| schedule.actions[index].act = act));
        if !found {
            index += 1;
        }
    }
}

/// Plainer actions that may do instead, the plainest first.
fn plainer(act: &Act, ensemble: u8) -> Vec<Act> {
    match *act {
        Act::Client { client, server, op, key } => {
            plainer_ops(op).iter().map(|op| Act::Client { client, server, op: *op, key }).collect()
        }
        Act::PowerLoss { server, disk, down_us } => {
            let mut acts = vec![Act::StepDown { server }, Act::Kill { server, down_us }];
            let disks = plainer_disks(disk);
            acts.extend(disks.map(|disk| Act::PowerLoss { server, disk, down_us }));
            acts
        }
        Act::Upgrade { server, down_us, to: _ } => {
            vec![Act::StepDown { server }, Act::Kill { server, down_us }]
        }
        Act::Kill { server, .. } | Act::Isolate { server, .. } | Act::StallNode { server, .. } => {
            vec![Act::StepDown { server }]
        }
        Act::BlankDisk { server, down_us } => {
            vec![Act::StepDown { server }, Act::Kill { server, down_us }]
        }
        Act::Cut { from, to, for_us, .. } => plainer_links(from, to, for_us, true),
        Act::Clog { from, to, open_only, for_us } => {
            let mut acts = plainer_links(from, to, for_us, true);
            acts.extend(plainer_links(from, to, for_us, false));
            if open_only {
                acts.push(Act::Clog { from, to, open_only: false, for_us });
            }
            acts
        }
        Act::StallActor { server, for_us, .. } => plainer_stalls(server, for_us),
        Act::Skew { server, per_mille, for_us } => {
            vec![Act::Skew { server, per_mille: per_mille / 2, for_us }]
        }
        Act::Swizzle { mask, for_us } => plainer_swizzles(mask, for_us, ensemble),
        _ => Vec::new(),
    }
}

const fn plainer_ops(op: ClientOp) -> &'static [ClientOp] {
    match op {
        ClientOp::Read => &[],
        ClientOp::SyncRead | ClientOp::Write => &[ClientOp::Read],
        ClientOp::WriteIf => &[ClientOp::Read, ClientOp::Write],
    }
}

fn plainer_disks(disk: CrashMode) -> impl Iterator<Item = CrashMode> {
    let fewer = match disk {
        CrashMode::KeepPrefix(records) => records.checked_sub(1).map(CrashMode::KeepPrefix),
        _ => None,
    };
    [CrashMode::LoseAll, CrashMode::KeepAll].into_iter().chain(fewer)
}

/// Instead of a broken link: a reset, a server that is cut off, a link cut altogether or one way.
fn plainer_links(from: u8, to: u8, for_us: u64, both_ways: bool) -> Vec<Act> {
    vec![
        Act::Reset { a: from, b: to },
        Act::Isolate { server: from, for_us },
        Act::Isolate { server: to, for_us },
        Act::Cut { from, to, both_ways, for_us },
    ]
}

fn plainer_stalls(server: u8, for_us: u64) -> Vec<Act> {
    vec![
        Act::StallDisk { server, for_us },
        Act::StallNode { server, for_us },
        Act::StallActor { server, actor: StallTarget::LogWriter, for_us },
    ]
}

fn plainer_swizzles(mask: u8, for_us: u64, ensemble: u8) -> Vec<Act> {
    let members = (0..ensemble).filter(|server| mask >> server & 1 == 1);
    let alone = members.clone().map(|server| Act::Isolate { server, for_us });
    let fewer = members.map(|server| Act::Swizzle { mask: mask & !(1 << server), for_us });
    alone.chain(fewer).collect()
}

/// Round durations, the shortest first.
fn durations<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    for index in 0..shrink.len() {
        let now_us = shrink.current.actions[index].act.span_us();
        if now_us == 0 {
            continue;
        }
        let shorter = LADDER_US.into_iter().filter(|us| *us < now_us);
        for us in shorter.chain(rounded(now_us)) {
            let found = shrink.edit(|schedule| {
                if let Some(duration) = schedule.actions[index].act.span_mut() {
                    *duration = us;
                }
            });
            if found {
                break;
            }
        }
    }
}

/// Round times, each action on its own.
fn times<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    for index in 0..shrink.len() {
        for us in rounded(shrink.current.actions[index].at_us) {
            if shrink.edit(|schedule| schedule.actions[index].at_us = us) {
                break;
            }
        }
    }
}

/// Shorter waits: everything from some action on moves towards the action before it.
fn gaps<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    for index in 0..shrink.len() {
        let before_us = index.checked_sub(1).map_or(0, |i| shrink.current.actions[i].at_us);
        let now_us = shrink.current.actions[index].at_us;
        let gap_us = now_us.saturating_sub(before_us);
        let gaps = [0].into_iter().chain(LADDER_US).filter(|us| *us < gap_us);
        // To a round gap, or to a round time.
        let targets = gaps.map(|us| before_us + us).chain(rounded(now_us));
        for target_us in targets.filter(|us| (before_us..now_us).contains(us)) {
            let found = shrink.edit(|schedule| {
                for action in &mut schedule.actions[index..] {
                    action.at_us -= now_us - target_us;
                }
            });
            if found {
                break;
            }
        }
    }
}

/// One client and one register, if that is enough.
fn labels<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    let relabel = |schedule: &mut Schedule, one_client: bool, one_key: bool| {
        for action in &mut schedule.actions {
            if let Act::Client { client, key, .. } = &mut action.act {
                *client = if one_client { 0 } else { *client };
                *key = if one_key { 0 } else { *key };
            }
        }
    };
    for (one_client, one_key) in [(true, true), (false, true), (true, false)] {
        shrink.edit(|schedule| relabel(schedule, one_client, one_key));
    }
    for index in 0..shrink.len() {
        for lower in 0..4 {
            shrink.edit(|schedule| {
                if let Act::Client { client, .. } = &mut schedule.actions[index].act {
                    *client = (*client).min(lower);
                }
            });
        }
    }
}

/// Round spans of time.
const LADDER_US: [u64; 12] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 300_000, 500_000, 700_000,
    1_000_000,
];

/// Rounder numbers near this one, the roundest first, below before above.
fn rounded(us: u64) -> impl Iterator<Item = u64> {
    [1_000_000, 500_000, 100_000, 50_000, 10_000, 5_000, 1_000]
        .into_iter()
        .filter(move |unit| !us.is_multiple_of(*unit))
        .flat_map(move |unit| [us - us % unit, us - us % unit + unit])
}
