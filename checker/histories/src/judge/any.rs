//! Judges any model by the generic engine.

use super::words::Words;
use super::{Clause, Counterexample, Finding, Report, Settings, Shown};
use crate::linearizability::shrink::{Core, longest, shrink, why_not};
use crate::linearizability::{Budget, Call, Outcome, check};
use crate::model::Model;
use crate::record::Recorded;

/// Judges each key of a history by itself.
pub fn judge<M: Model>(model: &M, recorded: &Recorded<M::Op>, settings: &Settings<'_>) -> Report {
    let parts = recorded.by_key();
    let mut report = Report::new(recorded, parts.len());
    for (key, places) in parts {
        let places: Vec<usize> = places.into_iter().map(|at| at as usize).collect();
        let calls: Vec<_> = places.iter().map(|at| recorded.calls[*at].clone()).collect();
        let part = Part { calls: &calls, places: &places, words: Words::new(recorded, key) };
        report.findings.extend(part.judge(model, settings));
    }
    report
}

/// How many configurations each check of a shrinking may examine.
const SHRINK_CONFIGURATIONS: u64 = 200_000;

/// How many configurations the search for the longest partial linearization may examine.
const LONGEST_CONFIGURATIONS: usize = 20_000;

/// Up to this many operations, an order of them is shown.
const ORDERED_MAX: usize = 200;

/// Operations that are judged together, and where each is in the whole history.
#[derive(Debug)]
pub(super) struct Part<'a, O> {
    pub(super) calls: &'a [Call<O>],
    pub(super) places: &'a [usize],
    pub(super) words: Words<'a, O>,
}

impl<O: Clone> Part<'_, O> {
    pub(super) fn judge<M: Model<Op = O>>(
        &self,
        model: &M,
        settings: &Settings<'_>,
    ) -> Option<Finding> {
        match self.search(model, settings) {
            Ok(None) => None,
            Ok(Some(core)) => Some(Finding::Violation(Box::new(self.explain(model, &core)))),
            Err(reason) => Some(Finding::Unknown { key: self.words.key(), reason }),
        }
    }

    /// The smallest part that fails, or why there is no decision.
    pub(super) fn search<M: Model<Op = O>>(
        &self,
        model: &M,
        settings: &Settings<'_>,
    ) -> Result<Option<Core<M>>, String> {
        match check(model, self.calls, &settings.budget) {
            Outcome::Linearizable => Ok(None),
            Outcome::Unknown(exhausted) => Err(exhausted.to_string()),
            Outcome::NotLinearizable(stuck) => {
                let budget = Budget { configurations: SHRINK_CONFIGURATIONS, ..settings.budget };
                let core =
                    if settings.is_brief { None } else { shrink(model, self.calls, &budget) };
                Ok(Some(core.unwrap_or_else(|| {
                    let place = stuck.call;
                    let stuck = crate::linearizability::Stuck { call: 0, ..stuck };
                    let calls = vec![self.calls[place].clone()];
                    Core { calls, places: vec![place], stuck, is_minimal: false }
                })))
            }
        }
    }

    /// Makes a counterexample of a core of these operations.
    pub(super) fn explain<M: Model<Op = O>>(&self, model: &M, core: &Core<M>) -> Counterexample {
        let words = &self.words;
        let stuck = &core.calls[core.stuck.call];
        let reason = match core.stuck.states.as_slice() {
            [] => "nothing is possible by then".to_owned(),
            [state] => format!("by then {}", model.why_not(state, &stuck.op)),
            [state, others @ ..] => format!(
                "by then {}, or what is as wrong in {} other ways",
                model.why_not(state, &stuck.op),
                others.len()
            ),
        };
        let sentence = format!(
            "the {} by {} has no place between its invocation and its return: {reason}",
            model.describe(&stuck.op),
            words.process(stuck.process),
        );
        let mut operations: Vec<Shown> = (0..core.calls.len())
            .map(|at| words.shown(self.places[core.places[at]], model.describe(&core.calls[at].op)))
            .collect();
        let longest = self.order(model, core, &mut operations);
        let states = self.states(model, core, &longest);
        Counterexample {
            culprit: core.stuck.call,
            key: words.key(),
            clause: Clause::NoOrder,
            sentence: words.with_values(&sentence),
            staleness: None,
            operations,
            longest,
            states,
            more: 0,
            is_minimal: core.is_minimal,
        }
    }

    /// The state after each operation of an order.
    fn states<M: Model<Op = O>>(&self, model: &M, core: &Core<M>, order: &[usize]) -> Vec<String> {
        let mut state = model.initial();
        let after = |at: &usize| {
            state = model.step(&state, &core.calls[*at].op)?;
            Some(self.words.with_values(&model.describe_state(&state)))
        };
        order.iter().map_while(after).collect()
    }

    /// The longest partial linearization; tells the other operations why they are not in it.
    fn order<M: Model<Op = O>>(
        &self,
        model: &M,
        core: &Core<M>,
        operations: &mut [Shown],
    ) -> Vec<usize> {
        if core.calls.len() > ORDERED_MAX {
            return Vec::new();
        }
        let longest = longest(model, &core.calls, LONGEST_CONFIGURATIONS);
        for (at, why) in why_not(model, &core.calls, &longest, |p| self.words.process(p)) {
            operations[at].why_not = Some(self.words.with_values(&why));
        }
        longest.order
    }
}
