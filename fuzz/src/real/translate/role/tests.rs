use super::super::text::Text;
use super::*;
use crate::hold::real_limits;
use crate::oracle::Oracle;
use zab_core::Variant;

const S0: NodeId = NodeId(0);
const S1: NodeId = NodeId(1);
const S2: NodeId = NodeId(2);

/// All of them look for a leader.
fn looking(servers: usize) -> Roles {
    let (newest, over) = (BTreeMap::new(), vec![0; servers]);
    Roles { servers: vec![Role::default(); servers], newest, over }
}

#[test]
fn the_quorum_of_a_leader_is_complete_with_as_many_learners_as_it_takes_besides_it() {
    for (servers, needed) in [(3, 1), (5, 2), (7, 3)] {
        let mut oracle = Oracle::with(real_limits);
        let recording = oracle.record(&Schedule::empty(1, servers), Variant::REFERENCE);
        let mut text = Text::new("A promise", &recording);
        let mut roles = looking(servers.into());
        roles.on_elected(S2, S2);
        for number in 1..4 {
            // Whoever calls once more makes it no more complete.
            for _ in 0..2 {
                roles.on_called(S2, NodeId(10 + number), text.place());
                text.line(format!("learner {number}"));
            }
        }
        let place = roles.completed(S2).expect("there are enough");
        text.insert(place, "hold".to_owned());
        let all = text.finish("claim differ /k0");
        let next = all.lines().skip_while(|line| *line != "hold").nth(1);
        assert_eq!(next, Some(&*format!("learner {needed}")), "{servers} servers");
        roles.on_left(S2);
        assert!(roles.completed(S2).is_none());
    }
}

#[test]
fn who_follows_what_a_leader_was_before_gives_it_no_vote() {
    let mut roles = looking(3);
    roles.on_elected(S2, S2);
    roles.on_elected(S1, S2);
    // S1 does not know yet that S2 has left its role.
    roles.on_left(S2);
    roles.on_vote(S2, S0, S2);
    assert_eq!(roles.on_elected(S0, S2), ["S0 S2"]);
    roles.on_vote(S0, S2, S2);
    assert_eq!(roles.on_elected(S2, S2), ["S0 S2"]);
    roles.on_left(S1);
    // It comes to a leader that leads, and hears who follows it.
    assert_eq!(roles.on_elected(S1, S2), ["S0 S1 S2"]);
}
