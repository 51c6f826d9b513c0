//! What ZooKeeper promises, decided without zxids: is there an order of all operations that is
//! legal, keeps the order of each session, and in which an update comes after everything that was
//! over before it was invoked? Reads may be as stale as their session lets them. This is *ordered
//! sequential consistency* (Lev-Ari, Bortnikov, Keidar and Shraer, IPL 123, 2017).
//!
//! It is linearizability of another object, so the generic engine decides it. That object is the
//! tree and, for each session, how many of its operations took place. An update takes place when
//! it is placed. A read takes place at the first moment, after the operation before it in its
//! session, at which its answer is right, *whether or not it was invoked yet*: earlier is never
//! worse, since nothing but later operations of its session waits for it. What is left of it for
//! the engine is a test, between its invocation and its return, that it took place.
//!
//! An update that was answered with an error has to take place while it is open, and then the
//! sooner the better, for the same reason.
//!
//! A sync of the quorum is an operation of its session that changes nothing: what follows it
//! cannot be staler than its place. The sync of ZooKeeper promises nothing.
//!
//! Linearizability implies all of this unless a session has several operations open at once, so it
//! is tried first.
//!
//! Groups of nodes are judged apart as long as no session reads in both: unlike linearizability,
//! this is not local. An update that was never answered comes after all that was over when it was
//! invoked; what follows it in its session need not wait for it.

mod shrink;

use super::super::any::Part;
use super::super::words::Words;
use super::super::{Clause, Contract, Counterexample, Finding, Settings};
use super::{Promise, by_themselves};
use crate::linearizability::shrink::Core;
use crate::linearizability::{Budget, Call, NEVER, Outcome, check};
use crate::model::Model;
use crate::model::znode::{Op, Session, Tree, Znodes, groups};
use crate::record::{Positioned, Recorded};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A request, or a sync of the quorum.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Step {
    /// None for a sync.
    op: Option<Op>,
    session: Session,
    /// Its session and its place among that session's answered operations.
    place: Option<(u32, u32)>,
}

impl Step {
    fn is_read(&self) -> bool {
        self.op.as_ref().is_some_and(|op| op.request.is_read())
    }

    fn changes_nothing(&self) -> bool {
        self.op.as_ref().is_none_or(Op::is_pure)
    }
}

/// The store, for what does not depend on what it holds.
fn store() -> Znodes {
    Znodes::default()
}

/// The store and its sessions.
struct Sessions {
    initial: Arc<Tree>,
    /// The answered operations of each session in order: the reads, and `None` for others.
    chains: Vec<Vec<Option<Op>>>,
}

/// The tree, and how many operations of each session took place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    tree: Arc<Tree>,
    done: Arc<[u32]>,
}

impl Sessions {
    /// The sessions of these operations, which are told their places.
    fn new(initial: &Arc<Tree>, calls: &mut [Call<Step>]) -> Self {
        let mut order: Vec<usize> = (0..calls.len()).collect();
        order.sort_by_key(|at| calls[*at].invoked);
        let mut chains: Vec<Vec<Option<Op>>> = Vec::new();
        let mut numbers = FxHashMap::default();
        for at in order {
            let call = &mut calls[at];
            call.op.place = None;
            if call.returned == NEVER {
                continue;
            }
            let number = *numbers.entry(call.op.session).or_insert_with(|| {
                chains.push(Vec::new());
                chains.len() - 1
            });
            let chain = &mut chains[number];
            let narrow = |number| u32::try_from(number).expect("checked when it was read");
            call.op.place = Some((narrow(number), narrow(chain.len())));
            chain.push(call.op.op.clone().filter(|_| call.op.is_read()));
        }
        Self { initial: initial.clone(), chains }
    }

    /// All reads whose turn it is take place as soon as their answers are right.
    fn read(&self, tree: Arc<Tree>, mut done: Vec<u32>) -> State {
        for (chain, done) in self.chains.iter().zip(&mut done) {
            while let Some(Some(read)) = chain.get(*done as usize)
                && Znodes::next(&tree, read).is_some()
            {
                *done += 1;
            }
        }
        State { tree, done: done.into() }
    }
}

impl Model for Sessions {
    type Op = Step;
    type State = State;

    fn initial(&self) -> State {
        self.read(self.initial.clone(), vec![0; self.chains.len()])
    }

    fn step(&self, state: &State, step: &Step) -> Option<State> {
        let done = |(session, place): (u32, u32)| state.done[session as usize] > place;
        if step.is_read() {
            return step.place.is_none_or(done).then(|| state.clone());
        }
        let tree = match &step.op {
            Some(op) => Znodes::next(&state.tree, op)?,
            None => state.tree.clone(),
        };
        let mut counts = state.done.to_vec();
        if let Some((session, place)) = step.place {
            let count = &mut counts[session as usize];
            // Real time sees to it, unless operations of a session overlap.
            if *count != place {
                return None;
            }
            *count += 1;
        }
        Some(self.read(tree, counts))
    }

    fn is_pure(&self, step: &Step) -> bool {
        // All that it does is to let the reads after it take place.
        step.changes_nothing()
    }

    fn weight(&self, state: &State) -> usize {
        store().weight(&state.tree) + 4 * state.done.len()
    }

    fn describe(&self, step: &Step) -> String {
        step.op.as_ref().map_or_else(|| "sync".to_owned(), |op| store().describe(op))
    }

    fn describe_state(&self, state: &State) -> String {
        store().describe_state(&state.tree)
    }

    fn why_not(&self, state: &State, step: &Step) -> String {
        match &step.op {
            Some(op) => store().why_not(&state.tree, op),
            None => "an earlier operation of its session has no place".to_owned(),
        }
    }
}

/// The requests of a history, and which have to be judged together.
fn steps(whole: &Recorded<Positioned>, contract: Contract) -> (Recorded<Step>, Vec<usize>) {
    let is_judged = |call: &Call<Positioned>| match &call.op.op {
        Some(op) => !(call.is_crashed() && op.request.is_read()),
        None => contract == Contract::Quorum && !call.is_crashed(),
    };
    let mut places: Vec<usize> =
        (0..whole.calls.len()).filter(|at| is_judged(&whole.calls[*at])).collect();
    let calls = places.iter().map(|at| {
        let op = &whole.calls[*at].op;
        whole.calls[*at].with(Step { op: op.op.clone(), session: op.session, place: None })
    });
    let mut calls: Vec<_> = calls.collect();
    for (after, call) in by_themselves(&whole.calls) {
        places.push(after);
        let (op, session) = (Some(call.op.clone()), whole.calls[after].op.session);
        calls.push(call.with(Step { op, session, place: None }));
    }
    let keys = components(&calls);
    let mut recorded = Recorded::from_calls(calls, keys);
    recorded.names = whole.names.clone();
    recorded.times =
        places.iter().map(|at| whole.times.get(*at).copied().unwrap_or_default()).collect();
    (recorded, places.iter().map(|at| whole.number(*at)).collect())
}

/// The groups of nodes, as one where a session reads in several.
fn components(calls: &[Call<Step>]) -> Vec<u32> {
    let mut group_of = groups(calls.iter().filter_map(|call| call.op.op.as_ref())).into_iter();
    let groups: Vec<Option<u32>> =
        calls.iter().map(|call| call.op.op.as_ref().and_then(|_| group_of.next())).collect();
    let count = groups.iter().flatten().max().map_or(0, |last| last + 1);
    let mut above: Vec<u32> = (0..count).collect();
    let root = |above: &[u32], mut group: u32| {
        while above[group as usize] != group {
            group = above[group as usize];
        }
        group
    };
    let mut first: FxHashMap<u32, u32> = FxHashMap::default();
    let readers: rustc_hash::FxHashSet<u32> =
        calls.iter().filter(|call| call.op.is_read()).map(|call| call.op.session).collect();
    for (call, group) in calls.iter().zip(&groups) {
        if let Some(group) = group
            && readers.contains(&call.op.session)
        {
            let [one, other] = [*first.entry(call.op.session).or_insert(*group), *group]
                .map(|group| root(&above, group));
            above[one.max(other) as usize] = one.min(other);
        }
    }
    let roots = calls.iter().zip(&groups).map(|(call, group)| {
        // A sync of a session that reads nothing is nowhere, and does no harm anywhere.
        let group = group.or_else(|| first.get(&call.op.session).copied());
        group.map_or(0, |group| root(&above, group))
    });
    roots.collect()
}

/// How many configurations an operation may cost the search for a linearization.
const STEPS_EACH: u64 = 64;

/// Whether a session had several operations open at once: real time does not tell their order then.
fn is_pipelined(calls: &[Call<Step>]) -> bool {
    let mut answered: Vec<_> = calls.iter().filter(|call| !call.is_crashed()).collect();
    answered.sort_by_key(|call| call.invoked);
    let mut returned: FxHashMap<Session, u64> = FxHashMap::default();
    answered.into_iter().any(|call| {
        let before = returned.insert(call.op.session, call.returned);
        before.is_some_and(|before| before >= call.invoked)
    })
}

/// Whether the operations are found to be linearizable, which is more than is promised, but much
/// less to search for: sessions play no part.
fn is_linearizable(initial: &Arc<Tree>, calls: &[Call<Step>], settings: &Settings<'_>) -> bool {
    if is_pipelined(calls) {
        return false;
    }
    let requests = calls.iter().filter_map(|call| Some(call.with(call.op.op.clone()?)));
    let requests: Vec<_> = requests.collect();
    let configurations = settings.budget.configurations.min(STEPS_EACH * calls.len() as u64);
    let budget = Budget { configurations, ..settings.budget };
    check(&Znodes { initial: initial.clone() }, &requests, &budget).is_linearizable()
}

/// How many operations that were answered are open at once, at most.
fn open_max(calls: &[Call<Step>]) -> usize {
    let answered = calls.iter().filter(|call| !call.is_crashed());
    let mut events: Vec<(u64, bool)> =
        answered.flat_map(|call| [(call.invoked, false), (call.returned, true)]).collect();
    events.sort_unstable();
    let count = |open: &mut usize, (_, is_return): (u64, bool)| {
        *open = if is_return { *open - 1 } else { *open + 1 };
        Some(*open)
    };
    events.into_iter().scan(0, count).max().unwrap_or(0)
}

/// Judges the history; also says how many parts it has.
pub(super) fn judge(
    whole: &Recorded<Positioned>,
    promise: &Promise,
    settings: &Settings<'_>,
) -> (usize, Vec<Finding>) {
    let (recorded, numbers) = steps(whole, promise.contract);
    let parts = recorded.by_key();
    let count = parts.len();
    let mut findings = Vec::new();
    for (component, places) in parts {
        let places: Vec<usize> = places.into_iter().map(|at| at as usize).collect();
        let mut calls: Vec<_> = places.iter().map(|at| recorded.calls[*at].clone()).collect();
        if is_linearizable(&promise.initial, &calls, settings) {
            continue;
        }
        let model = Sessions::new(&promise.initial, &mut calls);
        findings.extend(match check(&model, &calls, &settings.budget) {
            Outcome::Linearizable => None,
            Outcome::Unknown(why) => {
                let reason = format!(
                    "{why}. Without zxids an order of {} operations, up to {} of them open at \
                     once, has to be searched for: record the zxid of each reply",
                    calls.len(),
                    open_max(&calls)
                );
                Some(Finding::Unknown { key: None, reason })
            }
            Outcome::NotLinearizable(stuck) => {
                let core = shrink::shrink(&promise.initial, &calls, &stuck, settings);
                let words = Words::new(&recorded, component);
                let part = Part { calls: &calls, places: &places, words };
                let mut example = explain(&promise.initial, &part, core);
                example.renumber(&numbers);
                Some(Finding::Violation(Box::new(example)))
            }
        });
    }
    (count, findings)
}

fn explain(initial: &Arc<Tree>, part: &Part<'_, Step>, mut core: Core<Sessions>) -> Counterexample {
    let model = Sessions::new(initial, &mut core.calls);
    let mut example = part.explain(&model, &core);
    let stuck = &core.calls[core.stuck.call];
    if stuck.op.is_read() {
        example.clause = Clause::SessionOrder;
        let sentence = format!(
            "the {} by {} fits no state of the store from what its session had seen before up to \
             its return",
            model.describe(&stuck.op),
            part.words.process(stuck.process),
        );
        example.sentence = part.words.with_values(&sentence);
    }
    example
}
