//! What an exploration comes to does not depend on how it is done.

use super::search::{End, Limits, Progress, Report, search};
use super::setting::Setting;
use super::sink::{Fingerprint, Text};
use super::state::{State, Step};
use super::{Bounds, Choice, Free};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::ControlFlow;
use zab_checker::{Class, Standard};
use zab_core::Variant;
use zab_core::canonical::Canonical;

const ALL: Limits = Limits { states: u64::MAX, worlds: usize::MAX };

const STALE_ACK: Variant =
    Variant { keeps_stale_acks: true, keeps_old_handlers: true, ..Variant::REFERENCE };

fn setting(variant: Variant, bounds: Bounds) -> Setting {
    let mut setting = Setting::new(3, variant, Standard::Strict);
    setting.bounds = bounds;
    setting
}

const WRITE_AND_CUT: Bounds =
    Bounds { writes: 1, cuts: 1, reads: 0, restarts: 0, power_losses: 0, step_downs: 0 };

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
