//! A violation on one node needs no past. An operation whose answer tells what it found is as good
//! a beginning as the first transaction: if the history were right, the node would have been like
//! that, and what follows would be right as well.

use super::reduce::{Core, Whole};
use crate::linearizability::Checks;
use crate::model::register::Value;
use crate::model::znode::{Answer, ErrorCode, Kind, Op, Paths, Request, Stat, Tree};
use crate::model::znode::{changes, depends, is_related};
use std::sync::Arc;

/// How many beginnings are tried, at most.
const BEGINNINGS_MAX: usize = 16;

impl Whole<'_> {
    /// What is left of a part that is wrong if it begins as late as it can.
    pub(super) fn later(
        &self,
        kept: &[usize],
        culprit: usize,
        checks: &mut Checks<'_>,
    ) -> Option<Core> {
        let path = self.op(culprit)?.request.path()?;
        let node = depends(&Op { request: Request::Get(path.clone()), answer: None });
        let place = |at: usize| Some((self.calls[at].op.zxid?, self.op(at)?.request.is_read()));
        let mut beginnings: Vec<_> =
            kept.iter().filter_map(|at| Some((place(*at)?, *at))).collect();
        beginnings.retain(|(_, at)| *at != culprit);
        beginnings.sort_unstable();
        for (from, beginning) in beginnings.into_iter().rev().take(BEGINNINGS_MAX) {
            let Some(found) = Found::by(self.op(beginning)?, path) else { continue };
            let is_later = |at: &usize| place(*at).is_none_or(|place| place >= from);
            let later = self.about(path, &node, kept.iter().copied().filter(is_later))?;
            let calls = match found.version {
                Some(_) => self.changed(Op::without_children),
                None => self.changed(Op::without_counts),
            };
            let free = self.free.iter().filter(|free| free.call.is_some()).cloned().collect();
            let initial = Arc::new(found.tree(path));
            let whole = Whole { calls: &calls, initial, free };
            if whole.wrong(&later, &checks.budget).is_some() {
                return whole.core(later, Some(beginning), checks);
            }
        }
        None
    }

    /// Those that have to do with a node; none if one of them has to do with others as well.
    fn about(
        &self,
        path: &Arc<str>,
        node: &Paths,
        kept: impl Iterator<Item = usize>,
    ) -> Option<Vec<usize>> {
        let ends_by_itself = |paths: &Paths| is_related(paths, node);
        if self.free.iter().any(|free| free.call.is_none() && ends_by_itself(&free.changes)) {
            return None;
        }
        let mut about = Vec::new();
        for at in kept {
            let op = self.op(at)?;
            if op.request.path() == Some(path) && is_about_it_alone(op) {
                about.push(at);
            } else if is_related(&changes(op), node) {
                return None;
            }
        }
        Some(about)
    }
}

/// Whether the answer, and the effect, depend on nothing but the node that the request names, as
/// far as nodes above it are there.
fn is_about_it_alone(op: &Op) -> bool {
    use ErrorCode::{BadVersion, NoNode, NodeExists};
    match (&op.request, &op.answer) {
        (Request::Get(_) | Request::Exists(_) | Request::Set { .. } | Request::Check { .. }, _) => {
            true
        }
        (Request::Create { kind: Kind::Persistent, is_sequential: false, .. }, answer) => {
            matches!(answer, None | Some(Answer::Created(..) | Answer::Error(NodeExists)))
        }
        (Request::Delete { .. }, answer) => {
            matches!(answer, None | Some(Answer::Done | Answer::Error(NoNode | BadVersion)))
        }
        _ => false,
    }
}

/// What an operation found.
struct Found {
    /// What the node held, if it was there, as far as that matters to anything later.
    data: Option<Value>,
    /// Its version, if that is known or does not matter.
    version: Option<u32>,
}

impl Found {
    const ABSENT: Self = Self { data: None, version: Some(0) };

    /// What an operation on this node must have found; none if it does not tell.
    fn by(op: &Op, path: &Arc<str>) -> Option<Self> {
        if op.request.path() != Some(path) || !is_about_it_alone(op) {
            return None;
        }
        let replaced = |version: Option<u32>| Self { data: Some(Value::NIL), version };
        match (&op.request, op.answer.as_ref()?) {
            (_, Answer::Absent | Answer::Error(ErrorCode::NoNode)) | (_, Answer::Created(..)) => {
                Some(Self::ABSENT)
            }
            (_, Answer::Set(Stat { version: Some(0), .. })) => None,
            (_, Answer::Set(stat)) => Some(replaced(stat.version.map(|version| version - 1))),
            (Request::Delete { version, .. }, Answer::Done) => {
                Some(replaced(Some(version.unwrap_or(0))))
            }
            (_, Answer::Data(data, stat)) => {
                Some(Self { data: Some((*data)?), ..replaced(stat.version) })
            }
            _ => None,
        }
    }

    fn tree(&self, path: &Arc<str>) -> Tree {
        Tree::of_one(path, self.data.map(|data| (data, self.version.unwrap_or(0))))
    }
}
