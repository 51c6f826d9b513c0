//! Which nodes an operation looks at, and which it changes.

use super::tree::parent;
use super::{Answer, Kind, Op, Request, Session};
use crate::model::register::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Something of the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Thing {
    /// Whether the node is there, what it holds, its version.
    Node(Arc<str>),
    /// What is below it, and how often that changed.
    Below(Arc<str>),
    /// Anything that begins like this: what a sequential create may make.
    Prefix(Arc<str>),
    /// The ephemeral nodes of a session.
    Owned(Session),
}

/// Parts of the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths(BTreeSet<Thing>);

impl Paths {
    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether a thing is in it that can be met by others than its like.
    fn has_prefix(&self) -> bool {
        // They come after nodes and what is below them.
        let from = Thing::Prefix("".into());
        matches!(self.0.range(from..).next(), Some(Thing::Prefix(_)))
    }
}

/// Whether one can matter to the other.
pub(crate) fn is_related(one: &Paths, other: &Paths) -> bool {
    if one.has_prefix() || other.has_prefix() {
        return one.0.iter().any(|one| other.0.iter().any(|other| meet(one, other)));
    }
    !one.0.is_disjoint(&other.0)
}

fn meet(one: &Thing, other: &Thing) -> bool {
    match (one, other) {
        (Thing::Node(path), Thing::Prefix(prefix)) | (Thing::Prefix(prefix), Thing::Node(path)) => {
            path.starts_with(&**prefix)
        }
        (Thing::Prefix(one), Thing::Prefix(other)) => {
            one.starts_with(&**other) || other.starts_with(&**one)
        }
        _ => one == other,
    }
}

/// What an answered operation's answer, or an unanswered one's effect, depends on.
pub(crate) fn depends(op: &Op) -> Paths {
    let mut things = BTreeSet::new();
    depends_on(&op.request, op.answer.as_ref(), &mut things);
    Paths(things)
}

fn depends_on(request: &Request, answer: Option<&Answer>, things: &mut BTreeSet<Thing>) {
    let sees_children = match answer {
        None => !request.is_read(),
        Some(Answer::Exists(stat) | Answer::Set(stat) | Answer::Data(_, stat)) => {
            stat.sees_children()
        }
        Some(Answer::Children(..)) => true,
        Some(_) => false,
    };
    match request {
        Request::Create { path, is_sequential, .. } => {
            let above: Arc<str> = parent(path).into();
            things.insert(Thing::Node(above.clone()));
            if *is_sequential {
                things.insert(Thing::Below(above));
                things.insert(Thing::Prefix(path.clone()));
            } else {
                things.insert(Thing::Node(path.clone()));
            }
        }
        Request::Exists(path) | Request::Get(path) | Request::Set { path, .. } => {
            things.insert(Thing::Node(path.clone()));
            if sees_children {
                things.insert(Thing::Below(path.clone()));
            }
        }
        Request::Check { path, .. } => {
            things.insert(Thing::Node(path.clone()));
        }
        Request::Delete { path, .. } | Request::Children(path) | Request::Reap(path) => {
            things.insert(Thing::Node(path.clone()));
            things.insert(Thing::Below(path.clone()));
        }
        Request::Multi(requests) | Request::MultiRead(requests) => {
            for (at, request) in requests.iter().enumerate() {
                let answer = match answer {
                    Some(Answer::Multi(answers)) => answers.get(at),
                    _ => None,
                };
                depends_on(request, answer, things);
            }
        }
        Request::Close(session) => {
            things.insert(Thing::Owned(*session));
        }
    }
}

/// What it can change.
pub(crate) fn changes(op: &Op) -> Paths {
    let mut things = BTreeSet::new();
    if !matches!(op.answer, Some(Answer::Error(_) | Answer::Failed(..))) {
        changed_by(&op.request, &mut things);
    }
    Paths(things)
}

fn changed_by(request: &Request, things: &mut BTreeSet<Thing>) {
    match request {
        Request::Create { path, kind, is_sequential, .. } => {
            things.insert(Thing::Below(parent(path).into()));
            things.insert(if *is_sequential {
                Thing::Prefix(path.clone())
            } else {
                Thing::Node(path.clone())
            });
            if let Kind::Ephemeral(session) = kind {
                things.insert(Thing::Owned(*session));
            }
        }
        Request::Set { path, .. } => {
            things.insert(Thing::Node(path.clone()));
        }
        Request::Delete { path, .. } | Request::Reap(path) => {
            things.insert(Thing::Node(path.clone()));
            things.insert(Thing::Below(parent(path).into()));
        }
        Request::Multi(requests) => requests.iter().for_each(|part| changed_by(part, things)),
        // Whatever it owns: paths are not known here, so what it removes is added by the caller.
        Request::Close(session) => {
            things.insert(Thing::Owned(*session));
        }
        Request::Check { .. }
        | Request::Exists(_)
        | Request::Get(_)
        | Request::Children(_)
        | Request::MultiRead(_) => {}
    }
}

/// Whether the answer or the effect of an operation can tell that this was set: by the data, or by
/// the version that it counted up.
pub(super) fn sees_set(op: &Op, path: &Arc<str>, data: Value) -> bool {
    match &op.request {
        Request::Get(node) | Request::Exists(node) if node == path => match &op.answer {
            Some(Answer::Data(found, stat)) => *found == Some(data) || stat.version.is_some(),
            Some(Answer::Exists(stat)) => stat.version.is_some(),
            Some(_) => false,
            None => true,
        },
        Request::Set { path: node, version, .. } if node == path => {
            let is_told = match &op.answer {
                None => false,
                Some(Answer::Set(stat)) => stat.version.is_some(),
                Some(_) => true,
            };
            version.is_some() || is_told
        }
        Request::Delete { path: node, version } | Request::Check { path: node, version } => {
            node == path && version.is_some()
        }
        Request::Children(node) if node == path => {
            matches!(&op.answer, Some(Answer::Children(_, stat)) if stat.version.is_some())
        }
        // Its parts have no answers of their own here.
        Request::Multi(_) | Request::MultiRead(_) => true,
        _ => false,
    }
}
