//! A list that grows at its end and is read as a whole.

use super::Model;
use crate::linearizability::Call;
use std::sync::Arc;

/// An operation with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Puts an element at the end.
    Append(i64),
    /// Gives all elements in order; `None` if it was not answered.
    Read(Option<Vec<i64>>),
}

/// A list that is empty at first.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendList;

impl Model for AppendList {
    type Op = Op;
    type State = Arc<[i64]>;

    fn initial(&self) -> Arc<[i64]> {
        Arc::default()
    }

    fn step(&self, state: &Arc<[i64]>, op: &Op) -> Option<Arc<[i64]>> {
        match op {
            Op::Append(element) => Some(state.iter().copied().chain([*element]).collect()),
            Op::Read(answer) => {
                answer.as_ref().is_none_or(|list| **list == **state).then(|| state.clone())
            }
        }
    }

    fn is_pure(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_))
    }

    fn depends_on(&self, call: &Call<Op>, update: &Op) -> bool {
        match (&call.op, update) {
            (Op::Read(Some(list)), Op::Append(element)) => list.contains(element),
            _ => false,
        }
    }

    fn weight(&self, state: &Arc<[i64]>) -> usize {
        8 * state.len()
    }

    fn describe(&self, op: &Op) -> String {
        match op {
            Op::Append(element) => format!("append {element}"),
            Op::Read(Some(list)) => format!("read {list:?}"),
            Op::Read(None) => "read".to_owned(),
        }
    }

    fn why_not(&self, state: &Arc<[i64]>, _: &Op) -> String {
        format!("the list is {state:?}")
    }
}
