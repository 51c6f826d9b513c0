//! Which operations have to be looked at together.
//!
//! Operations on different nodes can be judged apart unless one of them looks at, or changes,
//! something that they share: a multi names several nodes; creating and deleting touches the
//! parent, if anything in the history depends on the parent's children or the parent itself comes
//! and goes; a sequential create may make any node below its parent; the end of a session removes
//! all that it owns.

use super::tree::parent;
use super::{Answer, Kind, Op, Request, Session};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// The number of the group of each operation: groups are independent.
pub fn groups<'a>(ops: impl Iterator<Item = &'a Op> + Clone) -> Vec<u32> {
    let mut parts = Parts::default();
    for op in ops.clone() {
        parts.note_parents(&op.request, op.answer.as_ref());
    }
    for op in ops.clone() {
        parts.join(&op.request);
    }
    let mut groups = FxHashMap::default();
    ops.map(|op| {
        let root = parts.of_request(&op.request);
        let next = u32::try_from(groups.len()).expect("there are less than 2^32 operations");
        *groups.entry(root).or_insert(next)
    })
    .collect()
}

/// Disjoint sets of paths.
#[derive(Debug, Default)]
struct Parts {
    ids: FxHashMap<Arc<str>, usize>,
    above: Vec<usize>,
    /// Nodes whose children matter as a whole, or that come and go.
    shared: FxHashSet<Arc<str>>,
}

impl Parts {
    fn id(&mut self, path: &str) -> usize {
        if let Some(id) = self.ids.get(path) {
            return *id;
        }
        let id = self.above.len();
        self.above.push(id);
        self.ids.insert(path.into(), id);
        id
    }

    fn root(&mut self, mut id: usize) -> usize {
        while self.above[id] != id {
            self.above[id] = self.above[self.above[id]];
            id = self.above[id];
        }
        id
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.above[one] = other;
    }

    /// What stands for the nodes that a session owns. No path looks like it.
    fn of_session(&mut self, session: Session) -> usize {
        self.id(&format!("session {session}"))
    }

    fn note_parents(&mut self, request: &Request, answer: Option<&Answer>) {
        match request {
            Request::Create { path, is_sequential: true, .. } => {
                self.shared.insert(parent(path).into());
            }
            Request::Create { path, .. }
            | Request::Delete { path, .. }
            | Request::Reap(path)
            | Request::Children(path) => {
                self.shared.insert(path.clone());
            }
            Request::Multi(requests) | Request::MultiRead(requests) => {
                let answers = match answer {
                    Some(Answer::Multi(answers)) => &answers[..],
                    _ => &[],
                };
                for (at, request) in requests.iter().enumerate() {
                    self.note_parents(request, answers.get(at));
                }
            }
            Request::Set { path, .. } | Request::Exists(path) | Request::Get(path) => {
                if let Some(Answer::Set(stat) | Answer::Exists(stat) | Answer::Data(_, stat)) =
                    answer
                    && stat.sees_children()
                {
                    self.shared.insert(path.clone());
                }
            }
            Request::Check { .. } | Request::Close(_) => {}
        }
    }

    fn join(&mut self, request: &Request) {
        let Some(path) = request.path() else {
            request.parts().iter().for_each(|part| self.join(part));
            let ids: Vec<usize> = request.parts().iter().map(|r| self.of_request(r)).collect();
            ids.windows(2).for_each(|pair| self.unite(pair[0], pair[1]));
            return;
        };
        let (id, above) = (self.of_request(request), parent(path));
        if self.shared.contains(above) {
            let above = self.id(above);
            self.unite(id, above);
        }
        if let Request::Create { kind: Kind::Ephemeral(session), .. } = request {
            let session = self.of_session(*session);
            self.unite(id, session);
        }
    }

    fn of_request(&mut self, request: &Request) -> usize {
        let id = match (request, request.path()) {
            (Request::Create { path, is_sequential: true, .. }, _) => self.id(parent(path)),
            (_, Some(path)) => self.id(path),
            (Request::Close(session), _) => self.of_session(*session),
            (multi, None) => match multi.parts().first() {
                Some(first) => return self.of_request(first),
                None => self.id(""),
            },
        };
        self.root(id)
    }
}
