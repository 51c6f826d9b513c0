//! Judges lists: the linear check where every element is appended once, the generic engine for
//! what is outside of it.

use super::any::Part;
use super::words::Words;
use super::{Clause, Counterexample, Finding, Report, Settings, Shown};
use crate::linearizability::lists::{self, Conflict};
use crate::linearizability::{Budget, Call, check};
use crate::model::Model;
use crate::model::append::{AppendList, Op};
use crate::record::Recorded;

/// Judges each list of a history by itself.
///
/// # Panics
///
/// If the engine contradicts the linear check.
pub fn judge(recorded: &Recorded<Op>, settings: &Settings<'_>) -> Report {
    let parts = recorded.by_key();
    let mut report = Report { searched: 0, ..Report::new(recorded, parts.len()) };
    for (key, places) in parts {
        let places: Vec<usize> = places.into_iter().map(|at| at as usize).collect();
        let calls: Vec<_> = places.iter().map(|at| recorded.calls[*at].clone()).collect();
        let words = Words::new(recorded, key);
        match lists::check(&calls) {
            lists::Finding::Linearizable => {}
            lists::Finding::Conflict(conflict) => {
                confirm(&calls, conflict, settings);
                let example = explain(&calls, &places, &words, conflict);
                report.findings.push(Finding::Violation(Box::new(example)));
            }
            lists::Finding::NotUnique(_) => {
                report.searched += 1;
                let part = Part { calls: &calls, places: &places, words };
                report.findings.extend(part.judge(&AppendList, settings));
            }
        }
    }
    report
}

/// How many configurations the engine may examine to contradict.
const CONFIRMED: u64 = 1_000;

/// How many operations the engine is shown, at most: its states are whole lists.
const CONFIRMED_MAX: usize = 200;

fn confirm(calls: &[Call<Op>], conflict: Conflict, settings: &Settings<'_>) {
    if calls.len() <= CONFIRMED_MAX {
        let budget = Budget { configurations: CONFIRMED, ..settings.budget };
        let outcome = check(&AppendList, calls, &budget);
        assert!(!outcome.is_linearizable(), "{conflict:?} and an order contradict each other");
    }
}

fn explain(
    calls: &[Call<Op>],
    places: &[usize],
    words: &Words<'_, Op>,
    conflict: Conflict,
) -> Counterexample {
    let the = |at: usize| {
        let what = AppendList.describe(&calls[at].op);
        format!("the {what} by {}", words.process(calls[at].process))
    };
    let (clause, sentence) = match conflict {
        Conflict::NeverAppended { read, element } => {
            (Clause::DirtyRead, format!("{} holds {element}, which nobody appended", the(read)))
        }
        Conflict::Twice { read, element } => {
            let what = format!("{} holds {element} twice, which was appended once", the(read));
            (Clause::DirtyRead, what)
        }
        Conflict::Diverged { earlier, later } => {
            let what = format!(
                "{} contradicts {}: neither is a beginning of the other",
                the(later),
                the(earlier)
            );
            (Clause::NoOrder, what)
        }
        Conflict::Against { earlier, later, .. } => {
            let what = format!(
                "{} began after {} had returned, yet comes before it in the list",
                the(later),
                the(earlier)
            );
            let clause = match (&calls[earlier].op, &calls[later].op) {
                (_, Op::Read(_)) => Clause::StaleRead,
                (Op::Read(_), Op::Append(_)) => Clause::FutureRead,
                (Op::Append(_), Op::Append(_)) => Clause::NoOrder,
            };
            (clause, what)
        }
    };
    let mut shown: Vec<usize> = conflict.operations().collect();
    shown.sort_by_key(|at| calls[*at].invoked);
    let operations: Vec<Shown> = shown
        .iter()
        .map(|at| words.shown(places[*at], AppendList.describe(&calls[*at].op)))
        .collect();
    let place = |call: usize| shown.iter().position(|at| *at == call).unwrap_or_default();
    Counterexample {
        key: words.key(),
        clause,
        sentence,
        staleness: None,
        culprit: place(conflict.culprit()),
        longest: (0..shown.len()).filter(|at| *at != place(conflict.culprit())).collect(),
        operations,
        states: Vec::new(),
        more: 0,
        is_minimal: true,
    }
}
