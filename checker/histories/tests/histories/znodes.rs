//! Znodes without zxids: the search for an order against trying every order.

use crate::random::Random;
use history_checker::judge::Contract;
use history_checker::judge::{self, Settings};
use history_checker::linearizability::brute;
use history_checker::linearizability::{Call, NEVER};
use history_checker::model::Model;
use history_checker::model::register::Value;
use history_checker::model::znode::{Answer, ErrorCode, Kind, Op, Request, Stat, Tree, Znodes};
use history_checker::record::{self, Positioned, Recorded};
use std::sync::Arc;

type Calls = Vec<Call<Option<Op>>>;

/// A random operation, and an answer that may be right; `None` is a sync.
fn operation(random: &mut Random, next: &mut i64) -> Option<Op> {
    let path: Arc<str> = ["/a", "/b"][random.below(2) as usize].into();
    let version = |random: &mut Random| Some(random.below(3) as u32).filter(|v| *v > 0);
    let (request, mut answers) = match random.below(9) {
        0 => return None,
        1 => {
            *next += 1;
            let data = Value(*next);
            let kind = Kind::Persistent;
            let created = Answer::Created(None, Stat::default());
            (Request::Create { path, data, kind, is_sequential: false }, vec![created])
        }
        2 => (Request::Delete { path, version: None }, vec![Answer::Done]),
        3 | 4 => {
            *next += 1;
            let version = version(random);
            (Request::Set { path, data: Value(*next), version }, vec![Answer::Set(Stat::default())])
        }
        5 => (Request::Exists(path), vec![Answer::Absent]),
        _ => {
            let value = Value(1 + random.below(3) as i64);
            (Request::Get(path), vec![Answer::Data(Some(value), Stat::default())])
        }
    };
    answers.push(Answer::Error(ErrorCode::NoNode));
    let answer = answers.swap_remove(usize::from(random.one_in(4)));
    let answer = if matches!(request, Request::Exists(_)) {
        [Answer::Absent, Answer::Exists(Stat::default())][random.below(2) as usize].clone()
    } else {
        answer
    };
    Some(Op { request, answer: Some(answer) })
}

/// Sessions that do one thing at a time.
fn history(random: &mut Random) -> Calls {
    let mut calls = Calls::new();
    let mut next = 0;
    for process in 0..1 + random.below(3) as u32 {
        let mut now = 0;
        for _ in 0..1 + random.below(3) {
            let invoked = now + 1 + random.below(6);
            let returned = invoked + random.below(8);
            now = returned + 1;
            let returned = if random.one_in(7) { NEVER } else { returned };
            let mut op = operation(random, &mut next);
            if let Some(op) = op.as_mut().filter(|_| returned == NEVER) {
                op.answer = None;
            }
            calls.push(Call { process, invoked, returned, op });
        }
    }
    calls
}

/// The definition: operations one at a time, in any order that is legal, keeps each session's, and
/// in which an update comes after everything that was over before it was invoked.
fn is_promised(calls: &Calls, left: &[usize], tree: &Arc<Tree>, contract: Contract) -> bool {
    if left.iter().all(|at| calls[*at].is_crashed()) {
        return true;
    }
    let is_update = |call: &Call<Option<Op>>| match &call.op {
        Some(op) => !op.request.is_read(),
        None => contract == Contract::Quorum,
    };
    left.iter().any(|next| {
        let call = &calls[*next];
        let is_early = left.iter().map(|at| &calls[*at]).any(|other| {
            let is_earlier = other.precedes(call);
            is_earlier && (is_update(call) || other.process == call.process)
        });
        let after = match &call.op {
            Some(op) => Znodes::default().step(tree, op),
            None => Some(tree.clone()),
        };
        let rest: Vec<usize> = left.iter().copied().filter(|at| at != next).collect();
        after.is_some_and(|tree| !is_early && is_promised(calls, &rest, &tree, contract))
    })
}

fn recorded(calls: &Calls) -> Recorded<Positioned> {
    let positioned = calls.iter().map(|call| {
        let Call { process, invoked, returned, op } = call.clone();
        Call { process, invoked, returned, op: Positioned { op, session: process, zxid: None } }
    });
    let mut calls: Vec<_> = positioned.collect();
    calls.sort_by_key(|call| call.invoked);
    let keys = vec![0; calls.len()];
    Recorded::from_calls(calls, keys)
}

/// How many histories keep the promise of ZooKeeper, of a quorum's sync, and are linearizable.
fn run(seed: u64, histories: u64) -> [u64; 3] {
    let mut random = Random(seed);
    let mut counts = [0; 3];
    for _ in 0..histories {
        let calls = history(&mut random);
        if calls.iter().all(|call| call.is_crashed() || call.op.is_none()) {
            continue;
        }
        let all: Vec<usize> = (0..calls.len()).collect();
        let recorded = recorded(&calls);
        let settings = Settings::default();
        let contracts = [Contract::ZooKeeper, Contract::Quorum];
        for (contract, count) in contracts.into_iter().zip(&mut counts) {
            let truth = is_promised(&calls, &all, &Znodes::default().initial(), contract);
            let report = judge::zookeeper(&recorded, contract, &settings);
            assert_eq!(report.is_valid(), truth, "{contract:?} {calls:#?} {report:#?}");
            assert!(report.undecided().next().is_none());
            *count += u64::from(truth);
        }
        let requests: Vec<Call<Op>> = calls
            .iter()
            .filter_map(|Call { process, invoked, returned, op }| {
                let op = op.clone()?;
                Some(Call { process: *process, invoked: *invoked, returned: *returned, op })
            })
            .collect();
        let truth = brute::is_linearizable(&Znodes::default(), &requests);
        let report = judge::linearizable_znodes(&recorded, &Znodes::default(), &settings);
        assert_eq!(report.is_valid(), truth, "{calls:#?} {report:#?}");
        counts[2] += u64::from(truth);
    }
    counts
}

#[test]
fn the_search_and_trying_every_order_agree() {
    let [zookeeper, quorum, linearizable] = run(5, 20_000);
    assert!(linearizable > 1_000 && linearizable < quorum, "{linearizable} {quorum}");
    assert!(quorum < zookeeper && zookeeper < 19_000, "{quorum} {zookeeper}");
}

/// `cargo test --release -p history-checker -- --ignored every_order`.
#[test]
#[ignore = "takes minutes"]
fn the_search_and_trying_every_order_agree_on_a_million() {
    println!("{:?}", run(0xacc, 1_000_000));
}

/// Lines of events on the node `/a`, which holds 1 at first: `process type f value`.
fn clauses(events: &[(u32, &str, &str, &str)], contract: Contract) -> Vec<&'static str> {
    let line = |(process, kind, f, value): &(u32, &str, &str, &str)| {
        format!("{{:process {process} :type :{kind} :f :{f} :value {value}}}\n")
    };
    let create = "{:process 9 :type :invoke :f :create :value {:path \"/a\" :data 1}}\n\
                  {:process 9 :type :ok :f :create :value {:path \"/a\"}}\n";
    let text = create.to_owned() + &events.iter().map(line).collect::<String>();
    let recorded = record::read(text.as_bytes(), record::Znodes).expect("well-formed");
    let report = judge::zookeeper(&recorded, contract, &Settings::default());
    assert!(report.undecided().next().is_none());
    report.violations().map(|example| example.clause.name()).collect()
}

const A: &str = "{:path \"/a\"}";
const SET: [(u32, &str, &str, &str); 2] =
    [(0, "invoke", "set", "{:path \"/a\" :data 2}"), (0, "ok", "set", "{:version 1}")];

const fn get(
    process: u32,
    answer: &'static str,
) -> [(u32, &'static str, &'static str, &'static str); 2] {
    [(process, "invoke", "get", A), (process, "ok", "get", answer)]
}

#[test]
fn a_read_of_another_session_may_be_stale() {
    let events = [SET, get(1, "{:data 1}")].concat();
    assert!(clauses(&events, Contract::ZooKeeper).is_empty());
}

#[test]
fn a_session_that_goes_backwards_is_caught() {
    let events = [SET, get(1, "{:data 2}"), get(1, "{:data 1}")].concat();
    assert_eq!(clauses(&events, Contract::ZooKeeper), ["session-order"]);
}

#[test]
fn a_session_that_does_not_see_its_own_write_is_caught() {
    let events = [SET, get(0, "{:data 1}")].concat();
    assert_eq!(clauses(&events, Contract::ZooKeeper), ["session-order"]);
}

#[test]
fn a_read_of_the_future_is_caught() {
    let events = [get(1, "{:data 2}"), SET].concat();
    assert_eq!(clauses(&events, Contract::ZooKeeper), ["session-order"]);
}

#[test]
fn a_value_that_nobody_wrote_is_caught() {
    let events = [SET, get(1, "{:data 7}")].concat();
    assert_eq!(clauses(&events, Contract::ZooKeeper), ["session-order"]);
}

#[test]
fn an_update_that_is_lost_is_caught() {
    let again = [SET[0], (0, "ok", "set", "{:version 1}")];
    let events = [SET, again].concat();
    assert_eq!(clauses(&events, Contract::ZooKeeper), ["no-order"]);
}

#[test]
fn what_comes_after_a_sync_of_the_quorum_is_not_stale() {
    let sync = [(1, "invoke", "sync", "nil"), (1, "ok", "sync", "nil")];
    let events = [SET, sync, get(1, "{:data 1}")].concat();
    assert!(clauses(&events, Contract::ZooKeeper).is_empty());
    assert_eq!(clauses(&events, Contract::Quorum), ["session-order"]);
}

#[test]
fn sessions_that_see_two_nodes_in_different_orders_are_caught() {
    let create =
        [(8, "invoke", "create", "{:path \"/b\" :data 1}"), (8, "ok", "create", "{:path \"/b\"}")];
    // Both sets are under way, so that each order of them is possible, but only one.
    let sets = [
        (0, "invoke", "set", "{:path \"/a\" :data 2}"),
        (2, "invoke", "set", "{:path \"/b\" :data 2}"),
    ];
    let b = |process, answer| {
        [(process, "invoke", "get", "{:path \"/b\"}"), (process, "ok", "get", answer)]
    };
    let one = [get(3, "{:data 2}"), b(3, "{:data 1}")].concat();
    let other = [b(4, "{:data 2}"), get(4, "{:data 1}")].concat();
    let only_one = [&create[..], &sets, &one].concat();
    assert!(clauses(&only_one, Contract::ZooKeeper).is_empty());
    let both = [&create[..], &sets, &one, &other].concat();
    assert_eq!(clauses(&both, Contract::ZooKeeper), ["session-order"]);
}
