//! The judgment by zxid against trying every zxid for every operation that was not answered.

use crate::random::Random;
use history_checker::judge::{self, Clause, Contract, Counterexample, Settings};
use history_checker::linearizability::{Call, NEVER};
use history_checker::model::Model;
use history_checker::model::register::Value;
use history_checker::model::znode::{Answer, ErrorCode, Kind, Op, Request, Stat, Tree, Znodes};
use history_checker::record::{Positioned, Recorded};
use std::sync::Arc;

type Calls = Vec<Call<Positioned>>;

fn request(random: &mut Random, session: u32, next: &mut i64) -> Option<Request> {
    let path: Arc<str> = ["/a", "/a", "/b"][random.below(3) as usize].into();
    let version = Some(random.below(2) as u32).filter(|_| random.one_in(4));
    *next += 1;
    let data = Value(*next);
    Some(match random.below(12) {
        0 => return None,
        1..=3 => {
            let is_ephemeral = random.one_in(4);
            let kind = if is_ephemeral { Kind::Ephemeral(session) } else { Kind::Persistent };
            Request::Create { path, data, kind, is_sequential: random.one_in(6) }
        }
        4 => Request::Delete { path, version },
        5 | 6 => Request::Set { path, data, version },
        7 => Request::Exists(path),
        8 => Request::Children("/".into()),
        9 => {
            let set = Request::Set { path: "/b".into(), data, version: None };
            Request::Multi(vec![Request::Delete { path: "/a".into(), version }, set])
        }
        _ => Request::Get(path),
    })
}

/// What the store answers, with or without a stat.
fn answer(tree: &mut Arc<Tree>, request: &Request, random: &mut Random) -> Answer {
    let has_stat = random.one_in(2);
    let short = |stat: Stat| if has_stat { stat } else { Stat::default() };
    let store = Znodes::default();
    let op = |answer| Op { request: request.clone(), answer };
    let after = store.step(tree, &op(None)).expect("what has no answer has no wrong one");
    // The answer is the one of those there are that the model takes.
    let why = store.why_not(tree, &op(Some(Answer::Multi(Vec::new()))));
    let found = candidates(&why, tree, request).into_iter();
    let mut found = found.filter(|answer| store.step(tree, &op(Some(answer.clone()))).is_some());
    let right = found.next().unwrap_or_else(|| panic!("no answer to {request:?}: {why}"));
    *tree = after;
    match right {
        Answer::Exists(stat) => Answer::Exists(short(stat)),
        Answer::Data(data, stat) => Answer::Data(data, short(stat)),
        right => right,
    }
}

/// Answers among which the right one is.
fn candidates(why: &str, tree: &Arc<Tree>, request: &Request) -> Vec<Answer> {
    use ErrorCode::{BadVersion, NoNode, NodeExists, NotEmpty};
    let mut all: Vec<Answer> =
        [NoNode, NodeExists, BadVersion, NotEmpty].into_iter().map(Answer::Error).collect();
    let stats = || (0..12).map(Stat::at);
    match request {
        Request::Create { .. } => all.push(Answer::Created(None, Stat::default())),
        Request::Set { .. } => all.extend(stats().map(Answer::Set)),
        Request::Delete { .. } => all.push(Answer::Done),
        Request::Exists(_) => {
            all.push(Answer::Absent);
            all.extend(stats().map(Answer::Exists));
        }
        Request::Get(_) => {
            let values = std::iter::once(Value::NIL).chain((0..60).map(Value));
            for value in values.filter(|value| why.ends_with(&format!("gave {value}"))) {
                all.extend(stats().map(|stat| Answer::Data(Some(value), stat)));
            }
        }
        Request::Children(_) => {
            let names = why.split(['[', ']']).nth(1).unwrap_or_default();
            let names = names.split(", ").filter(|name| !name.is_empty()).map(Arc::from);
            all.push(Answer::Children(names.collect(), Stat::default()));
        }
        Request::Multi(_) => {
            all.extend((0..2).flat_map(|at| [NoNode, BadVersion].map(|e| Answer::Failed(at, e))));
            let set = |stat| Answer::Multi(vec![Answer::Done, Answer::Set(stat)]);
            all.extend(stats().map(set));
        }
        _ => unreachable!("{tree:?}"),
    }
    all
}

/// What sessions may have seen of a store, some of it changed afterwards.
fn history(random: &mut Random) -> Calls {
    let mut tree: Arc<Tree> = Arc::default();
    let mut past = vec![tree.clone()];
    let sessions = 1 + random.below(3) as usize;
    let (mut seen, mut free) = (vec![0; sessions], vec![0; sessions]);
    let mut next = 0;
    let mut calls = Calls::new();
    let mut now = 10;
    // Some histories are full of gaps and of what was never answered.
    let (gaps, lost) = [(6, 3), (6, 3), (2, 2)][random.below(3) as usize];
    for _ in 0..2 + random.below(7) {
        let session = random.below(sessions as u64) as usize;
        let number = u32::try_from(session).expect("a small number");
        let request = request(random, number, &mut next);
        let point = now + 2 + random.below(4);
        let invoked = (point - 1 - random.below(3)).max(free[session]);
        let point = point.max(invoked);
        let mut returned = point + random.below(5);
        now = point;
        let mut op = Positioned { op: None, session: number, zxid: None };
        let is_read = request.as_ref().is_none_or(Request::is_read);
        let is_lost = random.one_in(if is_read { 12 } else { lost });
        let applied = !is_lost || random.one_in(2);
        if applied && !is_read {
            while random.one_in(gaps) {
                past.push(tree.clone());
            }
        }
        if let Some(request) = request {
            let answer = if is_read {
                let oldest = seen[session];
                let at = oldest + random.below((past.len() - oldest) as u64) as usize;
                seen[session] = at;
                op.zxid = Some(at as u64);
                Some(answer(&mut past[at].clone(), &request, random))
            } else if applied {
                let answer = answer(&mut tree, &request, random);
                op.zxid = Some(past.len() as u64);
                if !is_lost {
                    seen[session] = past.len();
                }
                past.push(tree.clone());
                Some(answer)
            } else {
                None
            };
            op.op = Some(Op { request, answer });
        }
        if is_lost {
            (returned, op.zxid) = (NEVER, None);
            op.op.iter_mut().for_each(|op| op.answer = None);
        }
        free[session] = if is_lost { point + 1 } else { returned + 1 };
        calls.push(Call { process: number, invoked, returned, op });
    }
    calls.sort_by_key(|call| call.invoked);
    change(random, &mut calls);
    calls
}

/// Changes zxids and answers, in half of the histories.
fn change(random: &mut Random, calls: &mut Calls) {
    let answered: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].op.zxid.is_some()).collect();
    for _ in 0..random.below(3) {
        let Some(at) = answered.get(random.below(1 + answered.len() as u64) as usize) else {
            continue;
        };
        if random.one_in(2) {
            let zxid = calls[*at].op.zxid.unwrap_or(1);
            calls[*at].op.zxid = Some(if random.one_in(2) { zxid + 1 } else { zxid.max(1) - 1 });
        } else {
            let op = calls[*at].op.op.as_mut();
            let other = match op.as_ref().map(|op| &op.request) {
                Some(Request::Exists(_)) => [Answer::Absent, Answer::Exists(Stat::default())]
                    [random.below(2) as usize]
                    .clone(),
                Some(Request::Get(_)) => {
                    Answer::Data(Some(Value(1 + random.below(6) as i64)), Stat::default())
                }
                _ => Answer::Error(ErrorCode::NoNode),
            };
            op.into_iter().for_each(|op| op.answer = Some(other.clone()));
        }
    }
}

/// An operation that may have a zxid above a floor, or none.
struct Loose {
    op: Op,
    floor: u64,
}

/// The definition: there are zxids for some of the operations that were not answered, and for the
/// ends of some sessions, so that all answers are what the transactions up to their zxids lead to;
/// and zxids go forward in real time for updates, and within each session for all.
fn is_promised(calls: &Calls) -> bool {
    is_promised_from(calls, calls, &Znodes::default())
}

/// The same for a part of a history, of which the whole says what was known when, and another
/// store.
fn is_promised_from(calls: &Calls, whole: &Calls, store: &Znodes) -> bool {
    let zxid = |call: &Call<Positioned>| call.op.zxid.filter(|_| !call.is_crashed());
    let is_update =
        |call: &Call<Positioned>| call.op.op.as_ref().is_some_and(|op| !op.request.is_read());
    for (at, call) in calls.iter().enumerate() {
        let Some(its) = zxid(call) else { continue };
        for (other_at, other) in calls.iter().enumerate() {
            let Some(others) = zxid(other).filter(|_| at != other_at) else { continue };
            let both = is_update(call) && is_update(other);
            if both && its == others {
                return false;
            }
            if is_update(call) && other.precedes(call) && its <= others && others > 0 {
                return false;
            }
            let follows = other.op.session == call.op.session && other.invoked < call.invoked;
            if follows && (its < others || its == others && is_update(call) && its > 0) {
                return false;
            }
        }
    }
    let known = |at: u64| whole.iter().filter(|c| c.returned < at).filter_map(zxid).max();
    let crashed = calls.iter().filter(|call| call.is_crashed() && is_update(call));
    let mut loose: Vec<Loose> = crashed
        .filter_map(|call| {
            let floor = known(call.invoked).unwrap_or(0);
            Some(Loose { op: call.op.op.clone()?, floor })
        })
        .collect();
    for session in 0..3 {
        let its = || whole.iter().filter(|call| call.op.session == session);
        let op = Op { request: Request::Close(session), answer: None };
        let answered = its().filter(|call| !call.is_crashed());
        let floor = answered.filter_map(zxid).max().unwrap_or(0);
        if its().next().is_some() {
            loose.push(Loose { op, floor });
        }
    }
    let last = calls.iter().filter_map(zxid).max().unwrap_or(0);
    assign(calls, store, &loose, &mut Vec::new(), last)
}

/// Tries every zxid for the next of the loose operations.
fn assign(
    calls: &Calls,
    store: &Znodes,
    loose: &[Loose],
    taken: &mut Vec<(u64, usize)>,
    last: u64,
) -> bool {
    let at = taken.len();
    if at == loose.len() {
        return is_explained(calls, store, loose, taken, last);
    }
    let free = (loose[at].floor + 1..=last).filter(|zxid| {
        let is_taken = |call: &Call<Positioned>| {
            let is_update = call.op.op.as_ref().is_some_and(|op| !op.request.is_read());
            is_update && !call.is_crashed() && call.op.zxid == Some(*zxid)
        };
        !taken.iter().any(|(other, _)| other == zxid) && !calls.iter().any(is_taken)
    });
    let choices: Vec<u64> = free.chain([u64::MAX]).collect();
    choices.into_iter().any(|zxid| {
        // What has no zxid at all is never looked at.
        let key = if zxid == u64::MAX { u64::MAX - at as u64 } else { zxid };
        taken.push((key, at));
        let is_right = assign(calls, store, loose, taken, last);
        taken.pop();
        is_right
    })
}

fn is_explained(
    calls: &Calls,
    store: &Znodes,
    loose: &[Loose],
    taken: &[(u64, usize)],
    last: u64,
) -> bool {
    let mut tree = store.initial();
    for zxid in 0..=last {
        let answered = || {
            let here = calls.iter().filter(|call| !call.is_crashed() && call.op.zxid == Some(zxid));
            here.filter_map(|call| call.op.op.as_ref())
        };
        let update = answered().find(|op| !op.request.is_read());
        let unanswered =
            taken.iter().find(|(other, _)| *other == zxid).map(|(_, at)| &loose[*at].op);
        if let Some(op) = update.or(unanswered) {
            let Some(next) = store.step(&tree, op) else { return false };
            tree = next;
        }
        if !answered().filter(|op| op.request.is_read()).all(|op| store.step(&tree, op).is_some()) {
            return false;
        }
    }
    true
}

/// Whether the operations of a counterexample are wrong by themselves: from the beginning, or, if
/// not even the first of them would be right there, whatever its node was like before it.
fn is_proof(calls: &Calls, example: &Counterexample) -> bool {
    let kept: Calls =
        example.operations.iter().map(|shown| calls[shown.operation].clone()).collect();
    let culprit = kept[example.culprit].clone();
    let is_read =
        |call: &Call<Positioned>| call.op.op.as_ref().is_some_and(|op| op.request.is_read());
    let placed = kept.iter().filter(|call| !call.is_crashed());
    let first = placed.min_by_key(|call| (call.op.zxid, is_read(call))).cloned();
    let begins_later = first.filter(|first| {
        let mut beginning = kept.clone();
        beginning.retain(|call| call.is_crashed() || call == first);
        *first != culprit && !is_promised_from(&beginning, calls, &Znodes::default())
    });
    let path = begins_later.and_then(|first| match first.op.op?.request {
        Request::Create { path, .. } | Request::Set { path, .. } => Some(path),
        Request::Delete { path, .. } | Request::Exists(path) | Request::Get(path) => Some(path),
        _ => None,
    });
    let Some(path) = path else {
        return !is_promised_from(&kept, calls, &Znodes::default());
    };
    let mut initials = vec![Vec::new()];
    for data in 0..12 {
        for version in 0..5_i64 {
            let set = |at| Request::Set { path: path.clone(), data: Value(at), version: None };
            let create = Request::Create {
                path: path.clone(),
                data: Value(data),
                kind: Kind::Persistent,
                is_sequential: false,
            };
            let sets = (1..=version).map(|at| set(if at == version { data } else { -at }));
            initials.push([create].into_iter().chain(sets).collect());
        }
    }
    initials.into_iter().all(|updates: Vec<Request>| {
        let mut tree = Arc::<Tree>::default();
        for request in updates {
            let op = Op { request, answer: None };
            tree = Znodes::default().step(&tree, &op).expect("what has no answer has no wrong one");
        }
        !is_promised_from(&kept, calls, &Znodes { initial: tree })
    })
}

/// How many histories keep the promise, and how many of those need an operation that was not
/// answered.
fn run(seed: u64, histories: u64) -> [u64; 2] {
    let mut random = Random(seed);
    let mut counts = [0; 2];
    for number in 0..histories {
        let calls = history(&mut random);
        let is_judged = |call: &Call<Positioned>| !call.is_crashed() && call.op.op.is_some();
        if !calls.iter().any(is_judged) {
            continue;
        }
        let truth = is_promised(&calls);
        let recorded = Recorded::from_calls(calls.clone(), vec![0; calls.len()]);
        let report = judge::zookeeper(&recorded, Contract::ZooKeeper, &Settings::default());
        assert!(report.undecided().next().is_none());
        assert_eq!(report.is_valid(), truth, "history {number}: {calls:#?} {report:#?}");
        for example in report.violations().filter(|example| example.clause == Clause::Values) {
            assert!(is_proof(&calls, example), "history {number}: {calls:#?} {example:#?}");
        }
        counts[0] += u64::from(truth);
        let mut without = calls;
        without.retain(|call| !call.is_crashed());
        counts[1] += u64::from(truth && !is_promised(&without));
    }
    counts
}

#[test]
fn the_axis_and_every_zxid_agree() {
    let [kept, needed] = run(17, 4_000);
    assert!((1_000..3_600).contains(&kept) && needed > 100, "{kept} {needed}");
}

/// `cargo test --release -p history-checker -- --ignored every_zxid`.
#[test]
#[ignore = "takes a minute"]
fn the_axis_and_every_zxid_agree_on_a_hundred_thousand() {
    println!("{:?}", run(0xa815, 100_000));
}
