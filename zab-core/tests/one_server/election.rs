//! Whom a server that looks for a leader believes.

use super::{notification, started, step};
use zab_core::event::{Note, Timer};
use zab_core::message::{ServerState, Vote};
use zab_core::{Config, Epoch, Input, NodeId, Notification, Output, Recovered, Span, Zxid};

#[test]
fn a_leader_of_whom_only_others_speak_is_not_followed() {
    let mut node = started(0, 5, Recovered::default());
    let vote = Vote { leader: NodeId(4), zxid: Zxid::new(1, 1), peer_epoch: Epoch(1) };
    for from in [1, 2, 3] {
        let outputs = step(&mut node, notification(from, ServerState::Following, vote));
        assert_eq!(outputs, [], "S4 may have gone meanwhile");
    }
    let elected = Output::Note(Note::Elected { leader: NodeId(4), round: 1 });
    let outputs = step(&mut node, notification(4, ServerState::Leading, vote));
    assert!(outputs.contains(&elected), "S4 itself says so: {outputs:?}");
}

#[test]
fn a_vote_of_a_newer_round_is_held_against_the_own_one() {
    let recovered =
        Recovered { accepted_epoch: Epoch(2), current_epoch: Epoch(2), ..Recovered::default() };
    let mut node = started(1, 3, recovered);
    let worse = Vote { leader: NodeId(2), zxid: Zxid::new(1, 9), peer_epoch: Epoch(1) };
    let notification = Notification { vote: worse, round: 7, state: ServerState::Looking };
    let outputs = step(&mut node, Input::Notification { from: NodeId(2), notification });
    let own = Vote { leader: NodeId(1), zxid: Zxid::ZERO, peer_epoch: Epoch(2) };
    let notification = Notification { vote: own, round: 7, state: ServerState::Looking };
    let told = |to| Output::Notify { to: NodeId(to), notification };
    assert_eq!(outputs, [told(0), told(2)], "the round is adopted, the vote is not");
}

/// ZOOKEEPER-1514: what others say of it may be of a round that it has left.
#[test]
fn a_server_takes_itself_for_the_leader_only_in_its_own_round() {
    let vote = Vote { leader: NodeId(0), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    let elected_in = |round| {
        let mut node = started(0, 3, Recovered::default());
        let follows = |from| {
            let notification = Notification { vote, round, state: ServerState::Following };
            Input::Notification { from: NodeId(from), notification }
        };
        let outputs = [1, 2].map(|from| step(&mut node, follows(from)));
        let elected = Output::Note(Note::Elected { leader: NodeId(0), round });
        outputs.concat().contains(&elected)
    };
    assert!(elected_in(1), "its own");
    assert!(!elected_in(7), "another one");
}

/// `FastLeaderElection.lookForLeader`: nothing was heard, so the vote is told again.
#[test]
fn votes_are_told_again_at_intervals_that_double_up_to_a_limit() {
    let mut node = started(0, 3, Recovered::default());
    let (mut generation, mut intervals) = (1, Vec::new());
    for _ in 0..6 {
        let outputs = step(&mut node, Input::Timer { timer: Timer::Election, generation });
        let told = outputs.iter().filter(|output| matches!(output, Output::Notify { .. })).count();
        assert_eq!(told, 2, "to everybody else: {outputs:?}");
        let Some(Output::SetTimer { generation: next, after, .. }) = outputs.last() else {
            panic!("it waits again: {outputs:?}");
        };
        (generation, intervals) = (*next, [intervals, vec![*after]].concat());
    }
    let limit = Config::new(3).notification_interval_max;
    assert!(intervals[0] < limit && intervals[5] == limit, "{intervals:?}");
    for pair in intervals.windows(2) {
        assert_eq!(pair[1], Span(pair[0].0 * 2).min(limit), "{intervals:?}");
    }
}

/// ZOOKEEPER-261: what it had promised and acknowledged is gone with its disk.
#[test]
fn a_server_with_a_blank_disk_counts_no_votes_and_gives_none() {
    let recovered = Recovered { is_blank: true, ..Recovered::default() };
    let mut node = started(0, 3, recovered);
    let vote = Vote { leader: NodeId(2), zxid: Zxid::new(1, 1), peer_epoch: Epoch(1) };
    for from in [1, 2] {
        let outputs = step(&mut node, notification(from, ServerState::Looking, vote));
        assert_eq!(outputs, [], "it elects nobody");
    }
    let outputs = step(&mut node, Input::Timer { timer: Timer::Election, generation: 1 });
    let says = |state| {
        let said = |output: &Output| matches!(output, Output::Notify { notification, .. } if notification.state == state);
        outputs.iter().filter(|output| said(output)).count()
    };
    assert_eq!((says(ServerState::Watching), says(ServerState::Looking)), (2, 0), "{outputs:?}");
    step(&mut node, notification(1, ServerState::Following, vote));
    let elected = Output::Note(Note::Elected { leader: NodeId(2), round: 1 });
    let outputs = step(&mut node, notification(2, ServerState::Leading, vote));
    assert!(outputs.contains(&elected), "it follows whom the others elected: {outputs:?}");
}

#[test]
fn nobody_counts_a_server_that_watches() {
    let mut node = started(1, 3, Recovered::default());
    let vote = Vote { leader: NodeId(2), zxid: Zxid::new(9, 9), peer_epoch: Epoch(9) };
    assert_eq!(step(&mut node, notification(2, ServerState::Watching, vote)), []);
}
