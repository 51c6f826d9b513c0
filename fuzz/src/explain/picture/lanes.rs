//! What fills the lane of a server: its role, its epoch files, its turns; and the bars of faults.

use super::film::Film;
use super::scene::{Band, EpochFile, FaultBar, Frame, Point, Role, Sign, Turn};
use crate::explain::faults::{Begun, Effect, Faults};
use std::collections::BTreeMap;
use zab_checker::Fact;
use zab_checker::custody::ServerState;
use zab_core::event::Note;
use zab_core::{Epoch, File, NodeId};
use zab_sim::Act;

/// What each server is, from frame to frame.
pub(super) fn bands(frames: &[Frame], end: Point) -> Vec<Band> {
    let mut open: BTreeMap<NodeId, (Role, Point)> = BTreeMap::new();
    let mut bands = Vec::new();
    for frame in frames {
        for (server, state) in (0..).map(NodeId).zip(&frame.servers) {
            let role = role(server, state);
            let (before, from) = *open.entry(server).or_insert((role, frame.at));
            if before != role {
                bands.push(Band { server, role: before, from, to: frame.at });
                open.insert(server, (role, frame.at));
            }
        }
    }
    let last = |(server, (role, from))| Band { server, role, from, to: end };
    bands.extend(open.into_iter().map(last));
    bands
}

fn role(server: NodeId, state: &ServerState) -> Role {
    match state.leader {
        _ if !state.is_up => Role::Down,
        None => Role::Looking,
        Some(leader) if leader == server => Role::Leading(state.serving),
        Some(leader) => Role::Following(leader, state.serving),
    }
}

/// The values of the epoch files: those after boot, and those that were asked for since.
pub(super) fn epochs(film: &Film<'_>, start: &[ServerState]) -> Vec<EpochFile> {
    let (first, end) = (film.start(), film.end());
    let mut files: Vec<EpochFile> = Vec::new();
    for (server, state) in (0..).map(NodeId).zip(start) {
        for (is_current, epoch) in [(false, state.accepted_epoch), (true, state.current_epoch)] {
            let durable = Some(first);
            files.push(EpochFile { server, is_current, epoch, from: first, durable, to: end });
        }
    }
    for (index, event) in film.events() {
        let (Some(server), at) = (event.node, film.point(index)) else {
            continue;
        };
        match &event.fact {
            Fact::DiskAsked { op, .. } => {
                if let Some(epoch) = op.epoch() {
                    let is_current = op.file() == File::CurrentEpoch;
                    ask(&mut files, server, is_current, epoch, (at, end));
                }
            }
            Fact::DiskDone { file: File::AcceptedEpoch, .. } => done(&mut files, server, false, at),
            Fact::DiskDone { file: File::CurrentEpoch, .. } => done(&mut files, server, true, at),
            Fact::DiskFailed { file, .. } => {
                let is_current = *file == File::CurrentEpoch;
                if is_current || *file == File::AcceptedEpoch {
                    settle(&mut files, server, is_current, None, at);
                }
            }
            Fact::Started(found) => {
                settle(&mut files, server, false, Some(found.accepted_epoch), at);
                settle(&mut files, server, true, Some(found.current_epoch), at);
            }
            _ => {}
        }
    }
    files.retain(|file| file.from < file.to);
    files
}

/// A value takes the place of the one before as soon as it is durable.
fn ask(
    files: &mut Vec<EpochFile>,
    server: NodeId,
    is_current: bool,
    epoch: Epoch,
    (from, to): (Point, Point),
) {
    files.push(EpochFile { server, is_current, epoch, from, durable: None, to });
}

fn done(files: &mut [EpochFile], server: NodeId, is_current: bool, at: Point) {
    let of_file = |file: &&mut EpochFile| (file.server, file.is_current) == (server, is_current);
    let mut writing = false;
    for file in files.iter_mut().rev().filter(of_file) {
        if file.durable.is_none() && file.to > at {
            file.durable = Some(at);
            writing = true;
        } else if file.to > at && writing {
            file.to = at;
        }
    }
}

/// What was being written is there, if a process finds it, or is not.
fn settle(
    files: &mut [EpochFile],
    server: NodeId,
    is_current: bool,
    found: Option<Epoch>,
    at: Point,
) {
    let is_it =
        |file: &EpochFile| (file.server, file.is_current) == (server, is_current) && file.to > at;
    let is_there = |file: &EpochFile| Some(file.epoch) == found;
    if files.iter().any(|file| is_it(file) && file.durable.is_none() && is_there(file)) {
        done(files, server, is_current, at);
    }
    for file in files.iter_mut().filter(|file| is_it(file) && file.durable.is_none()) {
        file.to = at;
    }
}

/// What deserves a sign in a lane.
pub(super) fn turns(film: &Film<'_>) -> Vec<Turn> {
    let turn = |(index, event): (usize, &zab_checker::Event)| {
        let sign = match &event.fact {
            Fact::Crashed { power_loss: true } => Sign::PowerLoss,
            Fact::Crashed { power_loss: false } => Sign::Killed,
            Fact::Exited(_) => Sign::Exited,
            Fact::Started(_) => Sign::Started,
            Fact::DiskFailed { .. } => Sign::DiskError,
            Fact::Purged(_) => Sign::Purged,
            Fact::Installed(release) => Sign::Installed(*release),
            Fact::Noted(Note::Established { epoch }) => Sign::Established(*epoch),
            _ => return None,
        };
        Some(Turn { at: film.point(index), server: event.node?, sign })
    };
    film.events().filter_map(turn).collect()
}

/// The bars of the faults: as long as each lasts.
pub(super) fn faults(film: &Film<'_>) -> Vec<FaultBar> {
    let mut faults = Faults::new(&film.recording.schedule);
    let mut bars: Vec<(FaultBar, Option<NodeId>)> = Vec::new();
    for (index, event) in film.recording.events.iter().enumerate().skip(film.recording.boot) {
        let (at, effect) = (film.point(index), effect_of(&event.fact));
        if let Some(effect) = effect {
            let Begun { text: words, act, .. } = faults.begin(at.at_us, event.node, effect);
            let length = act.map_or(0, |act| act.span_us());
            let to = Point { at_us: at.at_us + length, ..at };
            let process = act.filter(|act| is_of_process(*act)).and(event.node);
            bars.push((FaultBar { from: at, to, words }, process));
        }
        let ends = matches!(event.fact, Fact::Crashed { .. } | Fact::Exited(_));
        for (bar, process) in &mut bars {
            let is_over =
                event.fact == Fact::Healed || ends && process.is_some() && *process == event.node;
            if is_over && bar.to > at {
                bar.to = at;
            }
        }
    }
    bars.into_iter().map(|(bar, _)| bar).collect()
}

const fn is_of_process(act: Act) -> bool {
    matches!(act, Act::StallNode { .. } | Act::StallActor { .. })
}

const fn effect_of(fact: &Fact) -> Option<Effect> {
    match fact {
        Fact::Fault(name) => Some(Effect::Named(name)),
        Fact::Crashed { power_loss: true } => Some(Effect::PowerLoss),
        Fact::Crashed { power_loss: false } => Some(Effect::Kill),
        _ => None,
    }
}
