//! Each invariant is broken on purpose, and fires.

use super::{Invariant, samples};
use crate::event::Input;
use crate::{Node, Time, View, durable, election, follower, leader, log_writer, node, server};
use std::collections::BTreeSet;

#[test]
fn every_invariant_fires_when_it_is_broken_and_no_other_first() {
    let broken = [
        node::invariants::broken(),
        server::invariants::broken(),
        durable::invariants::broken(),
        log_writer::invariants::broken(),
        election::invariants::broken(),
        follower::invariants::broken(),
        leader::invariants::broken(),
    ];
    let mut fired = BTreeSet::new();
    for (invariant, node) in broken.into_iter().flatten() {
        assert_eq!(node.check(), Err(invariant), "{node:#?}");
        fired.insert(invariant);
    }
    let never: Vec<_> = Invariant::ALL.iter().filter(|i| !fired.contains(i)).collect();
    assert!(never.is_empty(), "nobody has seen these fire: {never:?}");
}

#[test]
fn what_is_broken_is_sound_before() {
    let view = |node: Node| {
        assert_eq!(node.check(), Ok(()));
        let View { phase, queued, flushing, to_apply, receiver_blocked, .. } = node.view();
        format!("{phase:?} {queued} {flushing} {to_apply} {receiver_blocked}")
    };
    assert_eq!(view(samples::looking()), "Election 0 false 0 false");
    assert_eq!(view(samples::closing()), "Election 1 true 0 false");
    assert_eq!(view(samples::stopping()), "Election 1 true 0 false");
    assert_eq!(view(samples::connecting()), "Discovery 0 false 0 false");
    assert_eq!(view(samples::electing()), "Discovery 0 false 0 false");
    assert_eq!(view(samples::synchronizing()), "Synchronization 0 false 0 false");
    assert_eq!(view(samples::established()), "Broadcast 0 false 0 false");
    assert_eq!(view(samples::leading()), "Broadcast 1 true 1 false");
    assert_eq!(view(samples::connected()), "Discovery 0 false 0 false");
    assert_eq!(view(samples::being_synchronized()), "Synchronization 0 false 0 true");
    assert_eq!(view(samples::following()), "Broadcast 1 true 0 false");
}

#[test]
#[should_panic(expected = "S2 broke an invariant of the core (the log ascends): Node { server:")]
fn a_step_ends_with_the_state_if_an_invariant_is_broken() {
    let broken =
        server::invariants::broken().into_iter().find(|(i, _)| *i == Invariant::LogAscends);
    let (_, mut node) = broken.expect("it is in the table");
    node.step(Time(0), Input::StepDown, &mut Vec::new());
}

#[cfg(debug_assertions)]
#[test]
#[should_panic(expected = "S2 broke an invariant of the core (the log ascends)")]
fn an_unoptimized_build_looks_at_the_state_after_routine_as_well() {
    let broken =
        server::invariants::broken().into_iter().find(|(i, _)| *i == Invariant::LogAscends);
    let (_, mut node) = broken.expect("it is in the table");
    let timer = Input::Timer { timer: crate::event::Timer::Tick, generation: 0 };
    node.step(Time(0), timer, &mut Vec::new());
}
