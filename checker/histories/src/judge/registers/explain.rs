//! What is wrong with the operations on one register, in words.

use super::super::any::Part;
use super::super::locate::{Located, of_value};
use super::super::words::{Words, span};
use super::super::{Clause, Counterexample, Finding, Settings, Staleness};
use crate::linearizability::shrink::{Core, shrink_with_past};
use crate::linearizability::zones::Conflict;
use crate::linearizability::{Budget, Call, Stuck, check};
use crate::model::register::{Op, Register, Value, without_unobserved};
use crate::record::Recorded;

/// Up to this many operations a conflict is reduced by the generic engine.
const REDUCED_MAX: usize = 3_000;

/// How many configurations each check of a reduction may examine.
const REDUCE_CONFIGURATIONS: u64 = 100_000;

/// Two blocks that exclude each other.
struct Crossing {
    stale: Value,
    newer: Value,
    /// The operation of the stale one that completes the conflict.
    culprit: Option<usize>,
    /// The operation of the newer one that shows that it came after the stale one.
    witness: Option<usize>,
}

/// The operations on one key that matter, and what they are a part of.
pub(super) struct Judging<'a> {
    pub(super) recorded: &'a Recorded<Op>,
    pub(super) model: Register,
    pub(super) settings: &'a Settings<'a>,
    pub(super) key: u32,
    pub(super) part: Part<'a, Op>,
}

impl Judging<'_> {
    /// Asks the generic engine.
    pub(super) fn search(&self) -> Option<Finding> {
        let places = without_unobserved(self.part.calls);
        let calls: Vec<_> = places.iter().map(|at| self.part.calls[*at]).collect();
        let places: Vec<usize> = places.iter().map(|at| self.part.places[*at]).collect();
        let part =
            Part { calls: &calls, places: &places, words: Words::new(self.recorded, self.key) };
        match part.search(&self.model, self.settings) {
            Ok(None) => None,
            Err(reason) => Some(Finding::Unknown { key: part.words.key(), reason }),
            Ok(Some(core)) => {
                let mut example = part.explain(&self.model, &core);
                self.refine(&core, &places, &mut example);
                Some(Finding::Violation(Box::new(example)))
            }
        }
    }

    pub(super) fn explain_conflict(&self, conflict: Conflict) -> Counterexample {
        let located = Located::new(self.part.calls);
        let operations = located.operations(conflict);
        let calls: Vec<_> = operations.iter().map(|at| self.part.calls[*at]).collect();
        let core = self.reduce(&calls, &operations);
        let mut example = self.part.explain(&self.model, &core);
        let (clause, sentence) = self.sentence(conflict, &located);
        example.clause = clause;
        example.sentence = self.part.words.with_values(&sentence);
        if let Conflict::Crossed(one, other) = conflict {
            example.staleness = self.staleness(one, other, &located);
        }
        example
    }

    /// The smallest part of a conflict's operations.
    ///
    /// # Panics
    ///
    /// If the engine calls it linearizable.
    fn reduce(&self, calls: &[Call<Op>], operations: &[usize]) -> Core<Register> {
        let configurations = REDUCE_CONFIGURATIONS;
        let budget = Budget { configurations, ..self.settings.budget };
        if calls.len() <= REDUCED_MAX && !self.settings.is_brief {
            if let Some(mut core) = shrink_with_past(&self.model, calls, &budget) {
                core.places.iter_mut().for_each(|place| *place = operations[*place]);
                return core;
            }
            let outcome = check(&self.model, calls, &budget);
            assert!(
                !outcome.is_linearizable(),
                "zones and engine contradict each other: {calls:?}"
            );
        }
        let answered = |at: &usize| !calls[*at].is_crashed();
        let last = (0..calls.len()).filter(answered).max_by_key(|at| calls[*at].returned);
        let stuck = Stuck { call: last.unwrap_or_default(), states: Vec::new() };
        Core { calls: calls.to_vec(), places: operations.to_vec(), stuck, is_minimal: false }
    }

    /// What, and by whom.
    fn the(&self, at: usize) -> String {
        let call = &self.part.calls[at];
        format!("the {} by {}", call.op, self.part.words.process(call.process))
    }

    /// That it was done, and by whom.
    fn did(&self, at: usize) -> String {
        let call = &self.part.calls[at];
        let process = self.part.words.process(call.process);
        match call.op {
            Op::Read(Some(value)) => format!("{process} had read {value}"),
            Op::Write(value) => format!("{process} had written {value}"),
            Op::Cas { from, to, .. } => format!("{process} had replaced {from} by {to}"),
            Op::Read(None) | Op::Delete => format!("{} had returned", self.the(at)),
        }
    }

    /// That it began, and by whom.
    fn begin(&self, at: usize) -> String {
        let call = &self.part.calls[at];
        let process = self.part.words.process(call.process);
        match call.op {
            Op::Read(Some(value)) => format!("{process} began to read {value}"),
            Op::Write(value) => format!("{process} began to write {value}"),
            Op::Cas { from, to, .. } => format!("{process} began to replace {from} by {to}"),
            Op::Read(None) | Op::Delete => format!("{} began", self.the(at)),
        }
    }

    fn sentence(&self, conflict: Conflict, located: &Located<'_>) -> (Clause, String) {
        match conflict {
            Conflict::NeverWritten(value) => (Clause::DirtyRead, self.never_written(value)),
            Conflict::FromTheFuture(value) => {
                let (reader, writer) = (located.ends(value).first, located.writer(value));
                let [reader, writer] =
                    [reader, writer].map(|at| at.map_or_else(String::new, |at| self.the(at)));
                let what = format!("{reader} returned before {writer} began");
                (Clause::FutureRead, what)
            }
            Conflict::FoundTwice { from, one, other } => {
                let [one, other] = [one, other]
                    .map(|value| located.writer(value).map_or_else(String::new, |at| self.the(at)));
                let what = format!(
                    "{one} and {other} both found {from}, which was there only once: one of \
                     the updates is lost"
                );
                (Clause::LostUpdate, what)
            }
            Conflict::Cycle(value) => {
                let what = format!(
                    "{value} comes from a chain of compare-and-sets that leads back to itself"
                );
                (Clause::NoOrder, what)
            }
            Conflict::Chain { earlier, later } => {
                let first = located.ends_of(later).first;
                let time = first.map_or(0, |first| self.part.calls[first].returned);
                let last = located.first_of_value_after(earlier, time);
                let [began, did] = [last.map(|at| self.begin(at)), first.map(|at| self.did(at))]
                    .map(Option::unwrap_or_default);
                let what = format!(
                    "{began} after {did}, although {later} had come in place of {earlier} by \
                     compare-and-set"
                );
                (Clause::StaleRead, what)
            }
            Conflict::Crossed(one, other) => self.crossed(one, other, located),
        }
    }

    fn never_written(&self, value: Value) -> String {
        let finds = |op: &Op| match *op {
            Op::Read(found) => found == Some(value),
            Op::Cas { from, done, .. } => from == value && done == Some(true),
            _ => false,
        };
        let calls = self.part.calls;
        let reader = calls.iter().position(|call| !call.is_crashed() && finds(&call.op));
        // What was tried only after it had been found is not the reason.
        let end = reader.map_or(u64::MAX, |at| calls[at].returned);
        let failed = self.recorded.failed.iter().find(|(key, call)| {
            *key == self.key && call.op.written() == Some(value) && call.invoked < end
        });
        let reader = reader.map_or_else(|| "an operation".to_owned(), |at| self.the(at));
        match failed {
            Some((_, call)) => format!(
                "{reader} found {value}, but the {} by {} had failed",
                call.op,
                self.part.words.process(call.process)
            ),
            None => format!("{reader} found {value}, which no operation wrote"),
        }
    }

    /// Which of two crossed blocks is the stale one: the one whose operation completes the conflict.
    fn stale_first(&self, one: Value, other: Value, located: &Located<'_>) -> Crossing {
        let [one_after, other_after] = located.crossing(one, other);
        let returned = |at: Option<usize>| at.map_or(0, |at| self.part.calls[at].returned);
        if returned(one_after) >= returned(other_after) {
            Crossing { stale: one, newer: other, culprit: one_after, witness: other_after }
        } else {
            Crossing { stale: other, newer: one, culprit: other_after, witness: one_after }
        }
    }

    fn crossed(&self, one: Value, other: Value, located: &Located<'_>) -> (Clause, String) {
        let Crossing { stale, newer, culprit, witness } = self.stale_first(one, other, located);
        let (Some(last), Some(first)) = (culprit, located.ends(newer).first) else {
            return (Clause::NoOrder, format!("{stale} and {newer} exclude each other"));
        };
        let words = &self.part.words;
        let gap = words.gap(self.part.places[first], self.part.places[last]);
        let gap = gap.map_or_else(String::new, |gap| format!("{} ", span(gap)));
        let [stale_call, newer_call] = [last, first].map(|at| &self.part.calls[at]);
        let began = match (stale_call.op, newer_call.op) {
            (Op::Read(Some(value)), Op::Write(_)) => format!(
                "the read by {} began {gap}after {} by {} was acknowledged, yet returned {value}",
                words.process(stale_call.process),
                newer_call.op,
                words.process(newer_call.process),
            ),
            (Op::Read(Some(value)), _) => format!(
                "the read by {} began {gap}after {}, yet returned {value}",
                words.process(stale_call.process),
                self.did(first),
            ),
            _ => format!("{} {gap}after {}", self.begin(last), self.did(first)),
        };
        // Its own value is a better witness than another one of the same block.
        let own = of_value(&stale_call.op).and_then(|value| located.ends_of(value).first);
        let own = own.filter(|own| {
            witness.is_some_and(|at| self.part.calls[*own].precedes(&self.part.calls[at]))
        });
        let before = match (own.or(located.ends(stale).first), witness) {
            (Some(first), Some(last)) => {
                format!("{} before {}", self.did(first), self.begin(last))
            }
            _ => format!("{stale} was there at first"),
        };
        let is_read = matches!(stale_call.op, Op::Read(_) | Op::Cas { .. });
        let clause = if is_read { Clause::StaleRead } else { Clause::NoOrder };
        (clause, format!("{began}, and {before}"))
    }

    /// How stale a crossed read is.
    fn staleness(&self, one: Value, other: Value, located: &Located<'_>) -> Option<Staleness> {
        let calls = self.part.calls;
        let Crossing { stale, newer, culprit, .. } = self.stale_first(one, other, located);
        let reader = culprit.filter(|at| calls[*at].op.written().is_none())?;
        let known = located.ends(stale).first.map_or(0, |first| calls[first].returned);
        let newer_updates = calls.iter().enumerate().filter(|(_, call)| {
            call.op.written().is_some() && call.invoked > known && call.precedes(&calls[reader])
        });
        let places = self.part.places;
        let gap = |at: usize| self.part.words.gap(places[at], places[reader]);
        let (mut versions, mut nanoseconds) = (0, located.ends(newer).first.and_then(gap));
        for (at, _) in newer_updates {
            versions += 1;
            nanoseconds = nanoseconds.max(gap(at));
        }
        Some(Staleness { versions: versions.max(1), nanoseconds })
    }

    /// A better sentence for what the generic engine found, where there is one.
    fn refine(&self, core: &Core<Register>, places: &[usize], example: &mut Counterexample) {
        let stuck = &core.calls[core.stuck.call];
        let Op::Read(Some(value)) = stuck.op else { return };
        let update = |call: &Call<Op>| call.op.written();
        // What shows the violation may do without those that wrote what was read.
        let wrote = |call: &&Call<Op>| update(call) == Some(value);
        let writers =
            || self.part.calls.iter().filter(wrote).filter(|call| call.invoked <= stuck.returned);
        if writers().next().is_none() && value != Value::NIL {
            example.clause = Clause::DirtyRead;
            example.sentence = self.part.words.with_values(&self.never_written(value));
            return;
        }
        let newer = core.calls.iter().enumerate().filter(|(_, newer)| {
            update(newer).is_some_and(|written| written != value)
                && newer.precedes(stuck)
                && writers().all(|writer| writer.precedes(newer))
        });
        let Some((at, newer)) = newer.min_by_key(|(_, newer)| newer.returned) else { return };
        let [newer_place, stuck_place] = [at, core.stuck.call].map(|at| places[core.places[at]]);
        let nanoseconds = self.part.words.gap(newer_place, stuck_place);
        let gap = nanoseconds.map_or_else(String::new, |gap| format!("{} ", span(gap)));
        let sentence = format!(
            "the read by {} began {gap}after {} by {} was acknowledged, yet returned {value}",
            self.part.words.process(stuck.process),
            newer.op,
            self.part.words.process(newer.process),
        );
        example.clause = Clause::StaleRead;
        example.sentence = self.part.words.with_values(&sentence);
        let versions = core
            .calls
            .iter()
            .filter(|call| update(call).is_some() && call.precedes(stuck) && !call.precedes(newer));
        example.staleness = Some(Staleness { versions: versions.count() as u64, nanoseconds });
    }
}
