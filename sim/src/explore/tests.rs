//! What an exploration comes to does not depend on how it is done.

use super::search::{End, Limits, Progress, Report, search};
use super::setting::Setting;
use super::sink::{Fingerprint, Text};
use super::state::{State, Step};
use super::{Bounds, Choice, Free};
use crate::schedule::{Act, Action, ClientOp, Schedule};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::ControlFlow;
use zab_checker::{Class, Event, Fact, Standard};
use zab_core::canonical::Canonical;
use zab_core::{SessionId, Variant};

const ALL: Limits = Limits { states: u64::MAX, worlds: usize::MAX };

const STALE_ACK: Variant =
    Variant { keeps_stale_acks: true, keeps_old_handlers: true, ..Variant::REFERENCE };

fn setting(variant: Variant, bounds: Bounds) -> Setting {
    let mut setting = Setting::new(3, variant, Standard::Strict);
    setting.bounds = bounds;
    setting
}

const WRITE_AND_CUT: Bounds = Bounds { writes: 1, cuts: 1, ..Bounds::NONE };

fn explore(setting: &Setting, limits: Limits, threads: usize) -> Report {
    let mut watch = |_: Progress| ControlFlow::Continue(());
    search(setting, limits, threads, &mut watch).expect("it begins at the boot")
}

fn found(report: &Report) -> Option<(Class, Vec<Choice>)> {
    match &report.end {
        End::Found(found) => Some((found.violation.class, found.choices.clone())),
        End::Complete | End::Enough(_) => None,
    }
}

#[test]
fn nothing_is_left_of_one_write_and_one_broken_connection() {
    let report = explore(&setting(Variant::REFERENCE, WRITE_AND_CUT), ALL, 2);
    assert!(matches!(report.end, End::Complete), "{:?}", found(&report));
    assert!(report.progress.states > 1000 && report.progress.judged > 0);
    assert_eq!(report.progress.undecided, 0);
}

#[test]
fn a_stale_acknowledgement_is_found_and_its_steps_show_it_again() {
    let setting = setting(STALE_ACK, WRITE_AND_CUT);
    let report = explore(&setting, ALL, 2);
    let (class, choices) = found(&report).expect("the defect is within reach");
    assert_eq!(class, Class::D1);
    let replay = setting.replay(&choices);
    assert_eq!(replay.taken, choices.len());
    assert!(replay.violations.iter().any(|violation| violation.class == class));
}

#[test]
fn threads_and_memory_change_nothing() {
    let setting = setting(STALE_ACK, WRITE_AND_CUT);
    let one = explore(&setting, ALL, 1);
    for (limits, threads) in [(ALL, 3), (Limits { worlds: 1, ..ALL }, 2)] {
        let other = explore(&setting, limits, threads);
        assert_eq!(other.progress, one.progress);
        assert_eq!(found(&other), found(&one));
    }
}

#[test]
fn enough_is_enough() {
    let setting = setting(Variant::REFERENCE, WRITE_AND_CUT);
    let report = explore(&setting, Limits { states: 500, ..ALL }, 1);
    assert!(matches!(report.end, End::Enough("states")));
    let mut watch = |progress: Progress| match progress.depth {
        5 => ControlFlow::Break("time"),
        _ => ControlFlow::Continue(()),
    };
    let report = search(&setting, ALL, 1, &mut watch).expect("it begins at the boot");
    assert!(matches!(report.end, End::Enough("time")));
}

#[test]
fn whoever_has_turns_of_its_own_the_same_is_found() {
    for name in Free::NAMES {
        for (variant, class) in [(Variant::REFERENCE, None), (STALE_ACK, Some(Class::D1))] {
            // Every message of an election makes a lot of states.
            let writes = u8::from(name != "election" || class.is_some());
            let mut setting = setting(variant, Bounds { writes, ..WRITE_AND_CUT });
            assert!(setting.free.set(name));
            let report = explore(&setting, ALL, 2);
            assert_eq!(found(&report).map(|(class, _)| class), class, "--free {name}");
        }
    }
}

#[test]
fn an_exploration_goes_on_from_where_another_one_ended() {
    let mut setting = setting(STALE_ACK, WRITE_AND_CUT);
    let (class, choices) = found(&explore(&setting, ALL, 1)).expect("it is within reach");
    let begun = choices.len() - 3;
    setting.before = choices[..begun].to_vec();
    let report = explore(&setting, ALL, 1);
    let (again, further) = found(&report).expect("three steps are left");
    assert_eq!((again, further.len()), (class, choices.len()));
    setting.before.push(Choice::Elect(0b111));
    let mut watch = |_: Progress| ControlFlow::Continue(());
    let refused = search(&setting, ALL, 1, &mut watch).expect_err("nobody is looking");
    assert_eq!(refused, begun);
}

/// One of two orders is left out, and nothing else: not a state, nor the depth of one, nor what is
/// judged at rest.
#[test]
fn of_two_orders_that_commute_one_is_enough() {
    for bounds in [WRITE_AND_CUT, Bounds { restarts: 1, ..Bounds::default() }] {
        let mut setting = setting(Variant::REFERENCE, bounds);
        let one = explore(&setting, ALL, 2);
        assert!(setting.free.set("order"));
        let both = explore(&setting, ALL, 2);
        assert!(one.progress.steps < both.progress.steps, "some orders are left out");
        let alike = Progress { steps: both.progress.steps, ..one.progress };
        assert_eq!((alike, one.widest), (both.progress, both.widest));
    }
}

/// A write, half a millisecond before somebody explores what becomes of it.
#[test]
fn an_exploration_goes_on_from_the_last_action_of_a_schedule() {
    let write = Act::Client { client: 0, server: 2, op: ClientOp::Write, key: 0 };
    let slow = Act::StallDisk { server: 1, for_us: 10_000 };
    let actions = vec![Action { at_us: 0, act: write }, Action { at_us: 400, act: slow }];
    let schedule = Schedule { actions, ..Schedule::empty(7, 3) };
    for (variant, class) in [(Variant::REFERENCE, None), (STALE_ACK, Some(Class::D1))] {
        let mut setting = setting(variant, Bounds { cuts: 1, ..Bounds::NONE });
        setting.after(&schedule);
        let report = explore(&setting, ALL, 2);
        assert_eq!(found(&report).map(|(class, _)| class), class);
        let Some((_, choices)) = found(&report) else { continue };
        let replay = setting.replay(&choices);
        assert_eq!(replay.taken, choices.len());
        assert_eq!(replay.verdict.class(), class);
        let is_its_own = |event: &&Event| match event.fact {
            Fact::Invoked { request, .. } => request.session == SessionId(0),
            _ => false,
        };
        let asked = replay.events[replay.boot..].iter().filter(is_its_own);
        assert_eq!(asked.count(), 1, "the write of the schedule is told");
        assert!(replay.events.is_sorted_by_key(|event| event.at));
    }
}

/// Faults that a bound counts: of the disk and of the operator.
#[test]
fn disks_fail_as_often_as_they_may() {
    let failing = [
        Bounds { write_errors: 1, ..Bounds::NONE },
        Bounds { flush_errors: 1, ..Bounds::NONE },
        Bounds { blank_disks: 1, ..Bounds::NONE },
    ];
    let bare = explore(&setting(Variant::REFERENCE, Bounds::NONE), ALL, 1).progress.states;
    for bounds in failing {
        let write = Bounds { writes: 1, ..bounds };
        let report = explore(&setting(Variant::REFERENCE, write), ALL, 2);
        assert!(matches!(report.end, End::Complete), "{bounds:?}: {:?}", found(&report));
        assert!(report.progress.states > bare && report.progress.judged > 1);
        assert_eq!(report.progress.undecided, 0);
    }
}

fn text_of(state: &State) -> u64 {
    let mut sink = Text::default();
    state.canonical(&mut sink);
    let mut hasher = DefaultHasher::new();
    sink.text.hash(&mut hasher);
    hasher.finish()
}

fn hash_of(state: &State) -> u64 {
    let mut sink = Fingerprint::default();
    state.canonical(&mut sink);
    sink.value()
}

/// Each state that was met by its hash is held against its text.
#[test]
fn hashes_tell_apart_what_texts_do_and_nothing_else() {
    let bounds = Bounds { cuts: 1, ..Bounds::default() };
    let setting = setting(Variant::REFERENCE, bounds);
    let root = setting.root().expect("nothing comes before");
    let mut texts = FxHashMap::from_iter([(hash_of(&root), text_of(&root))]);
    let mut queue = VecDeque::from([root]);
    let mut step = Step::default();
    let mut steps = 0;
    while let Some(state) = queue.pop_front() {
        for choice in state.choices(&setting) {
            let mut next = state.clone();
            if next.take(&setting, choice, &mut step) {
                steps += 1;
                let text = text_of(&next);
                match texts.insert(hash_of(&next), text) {
                    Some(before) => assert_eq!(before, text, "one hash, two texts: {choice}"),
                    None => queue.push_back(next),
                }
            }
        }
    }
    assert!(steps > texts.len(), "some states were met twice");
    let mut different: Vec<u64> = texts.values().copied().collect();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), texts.len(), "one text, two hashes");
}

#[test]
fn what_cannot_be_leaves_no_trace() {
    let setting = setting(Variant::REFERENCE, WRITE_AND_CUT);
    let root = setting.root().expect("nothing comes before");
    let mut step = Step::default();
    for choice in [Choice::Elect(0b011), Choice::Join(0), Choice::Connect(0, 1), Choice::Kill(0)] {
        let mut next = root.clone();
        let is_taken = next.take(&setting, choice, &mut step);
        assert_eq!(is_taken, choice == Choice::Kill(0), "{choice}");
        assert!(step.fx.due.is_empty() && step.fx.evidence.is_empty(), "{choice}");
    }
}
