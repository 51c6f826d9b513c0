//! What is wrong with a history of znodes, in words.

use super::super::words::Words;
use super::super::{Clause, Counterexample, Shown};
use super::axis::Core;
use super::order::Breach;
use crate::model::Model;
use crate::model::znode::Znodes;
use crate::record::{Positioned, Recorded};

/// Words for a history.
pub(super) struct Explain<'a> {
    recorded: &'a Recorded<Positioned>,
    words: Words<'a, Positioned>,
}

impl<'a> Explain<'a> {
    pub(super) fn new(recorded: &'a Recorded<Positioned>) -> Self {
        Self { recorded, words: Words::new(recorded, 0) }
    }

    fn shown(&self, call: usize) -> Shown {
        let op = &self.recorded.calls[call].op;
        let what =
            op.op.as_ref().map_or_else(|| "sync".to_owned(), |op| Znodes::default().describe(op));
        Shown { zxid: op.zxid, ..self.words.shown(call, what) }
    }

    /// An operation, with its process and zxid.
    pub(super) fn the(&self, call: usize) -> String {
        let Shown { what, process, zxid, .. } = self.shown(call);
        let zxid = zxid.map_or_else(String::new, |zxid| format!(" at zxid {zxid:#x}"));
        format!("the {what} by {process}{zxid}")
    }

    /// Two operations whose zxids break the order.
    pub(super) fn breach(&self, breach: &Breach, more: usize) -> Counterexample {
        let sentence =
            format!("{} {} {}", self.the(breach.later), breach.how(), self.the(breach.earlier));
        let mut calls = [breach.earlier, breach.later];
        calls.sort_unstable();
        let place = |call: usize| calls.iter().position(|at| *at == call).unwrap_or_default();
        Counterexample {
            key: None,
            clause: breach.clause,
            sentence,
            staleness: None,
            culprit: place(breach.later),
            operations: calls.iter().map(|call| self.shown(*call)).collect(),
            longest: vec![place(breach.earlier)],
            states: Vec::new(),
            more,
            is_minimal: true,
        }
    }

    /// An answer that is wrong after the transactions that came before it. `floor` tells the zxid
    /// that was known when an operation was invoked.
    pub(super) fn wrong(&self, core: &Core, floor: impl Fn(usize) -> u64) -> Counterexample {
        let op = self.recorded.calls[core.culprit].op.op.as_ref();
        let why = op.map_or_else(String::new, |op| Znodes::default().why_not(&core.tree, op));
        let why = self.words.with_values(&why);
        let sentence = format!(
            "{} does not follow from the transactions up to there: {why}",
            self.the(core.culprit)
        );
        let mut operations: Vec<Shown> = core.calls.iter().map(|call| self.shown(*call)).collect();
        let culprit = core.calls.iter().position(|call| *call == core.culprit).unwrap_or_default();
        operations[culprit].why_not = Some(why);
        let last = operations[culprit].zxid.unwrap_or(u64::MAX);
        for (call, shown) in core.calls.iter().zip(&mut operations) {
            let floor = floor(*call);
            if shown.zxid.is_none() && floor >= last {
                let why = format!("its zxid is above {floor:#x}, which was known when it began");
                shown.why_not = Some(why);
            }
        }
        let mut longest: Vec<usize> = (0..core.calls.len())
            .filter(|at| *at != culprit && operations[*at].zxid.is_some())
            .collect();
        longest.sort_by_key(|at| {
            (operations[*at].zxid, self.recorded.calls[core.calls[*at]].op.is_read())
        });
        Counterexample {
            key: None,
            clause: Clause::Values,
            sentence,
            staleness: None,
            culprit,
            operations,
            longest,
            states: Vec::new(),
            more: 0,
            is_minimal: core.is_minimal,
        }
    }
}
