//! Passes that make a schedule shorter.

use super::Shrink;
use zab_sim::schedule::{CLIENTS, Directories, Kind, Workload};
use zab_sim::{Act, Action, Schedule};

/// Every pass but the expensive one.
pub(super) fn all<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    shrink.edit(|schedule| schedule.directories = Directories::Lenient);
    for workload in [Workload::Registers, Workload::Locks] {
        shrink.edit(|schedule| schedule.workload = workload);
    }
    truncate(shrink);
    drop_groups(shrink);
    chunks(shrink);
    fewer_servers(shrink);
    merge(shrink);
}

/// Drops the end, as much of it as possible.
fn truncate<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    let mut cut = shrink.len() / 2;
    while cut > 0 {
        let keep = shrink.len().saturating_sub(cut);
        if !shrink.edit(|schedule| schedule.actions.truncate(keep)) {
            cut /= 2;
        }
        cut = cut.min(shrink.len());
    }
}

/// Drops whatever belongs together: a kind of action, all at a server, all of a client.
fn drop_groups<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    for kind in Kind::ALL {
        shrink.edit(|schedule| schedule.actions.retain(|a| Kind::of(&a.act) != kind));
    }
    for server in 0..shrink.current.servers {
        shrink.edit(|schedule| {
            schedule.actions.retain(|action| action.act.servers().all(|named| named != server));
        });
    }
    for gone in 0..CLIENTS {
        shrink.edit(|schedule| {
            schedule
                .actions
                .retain(|a| !matches!(a.act, Act::Client { client, .. } if client == gone));
        });
    }
}

/// Delta debugging: drops ever smaller chunks, down to single actions, until none can go.
fn chunks<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    let mut size = (shrink.len() / 2).max(1);
    loop {
        let mut progress = false;
        // From the end: what comes late depends on what comes early, seldom the other way round.
        let mut end = shrink.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            progress |= shrink.edit(|schedule| {
                schedule.actions.drain(start..end);
            });
            end = start.min(shrink.len());
        }
        if size > 1 {
            size /= 2;
        } else if !progress {
            return;
        }
    }
}

/// Drops two actions at a time that need each other and nobody else.
pub(super) fn pairs<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    let mut first = 0;
    while first < shrink.len() {
        let found = (first + 1..shrink.len()).any(|second| {
            shrink.edit(|schedule| {
                schedule.actions.remove(second);
                schedule.actions.remove(first);
            })
        });
        if !found {
            first += 1;
        }
    }
}

/// Tries a smaller ensemble: without the actions that name a server too many, or with other
/// servers in their place.
fn fewer_servers<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    for size in [3, 5] {
        if size >= shrink.current.servers {
            continue;
        }
        let dropped = shrink.edit(|schedule| {
            schedule.servers = size;
            schedule.actions.retain(|a| a.act.servers().all(|server| server < size));
        });
        if dropped || shrink.edit(|schedule| schedule.servers = size) {
            return;
        }
    }
}

/// Puts one action in the place of two.
fn merge<F: FnMut(&Schedule) -> bool>(shrink: &mut Shrink<F>) {
    let mut first = 0;
    while first < shrink.len() {
        let found = (first + 1..shrink.len()).any(|second| merge_two(shrink, first, second));
        if !found {
            first += 1;
        }
    }
}

fn merge_two<F: FnMut(&Schedule) -> bool>(
    shrink: &mut Shrink<F>,
    first: usize,
    second: usize,
) -> bool {
    let (a, b) = (shrink.current.actions[first], shrink.current.actions[second]);
    unions(&a, &b).into_iter().any(|union| {
        shrink.edit(|schedule| {
            schedule.actions[first] = union;
            schedule.actions.remove(second);
        })
    })
}

/// Actions that may do for both of these.
fn unions(a: &Action, b: &Action) -> Vec<Action> {
    let end_us = |action: &Action| action.at_us + action.act.span_us();
    let for_us = end_us(a).max(end_us(b)).saturating_sub(a.at_us);
    let isolating =
        |act: &Act| matches!(act, Act::Cut { .. } | Act::Clog { .. } | Act::Isolate { .. });
    let mut acts = Vec::new();
    if isolating(&a.act) && isolating(&b.act) {
        // Two broken links that share a server: that server is cut off.
        let shared = a.act.servers().filter(|server| b.act.servers().any(|other| other == *server));
        acts.extend(shared.map(|server| Act::Isolate { server, for_us }));
    }
    let mut longer = a.act;
    if let Some(us) = longer.span_mut() {
        let mut same = b.act;
        if let Some(other) = same.span_mut() {
            *other = *us;
        }
        if same == a.act {
            *us = for_us;
            acts.push(longer);
        }
    }
    acts.into_iter().map(|act| Action { at_us: a.at_us, act }).collect()
}
