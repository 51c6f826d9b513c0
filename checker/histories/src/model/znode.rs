//! ZooKeeper's tree of znodes, as a sequential object.
//!
//! What is like ZooKeeper (`PrepRequestProcessor`, `DataTree`, `DataNode.copyStat`, 3.8 and 3.9): a
//! parent has to exist and cannot be deleted while it has children; an ephemeral node has none,
//! and goes with its session; the version of a node counts its `setData`; the number in a
//! sequential name counts the nodes ever created below the parent; a multi takes place as a whole
//! or not at all; an empty container or TTL node may be removed by the server; `/zookeeper` is
//! there from the start. Left out: ACLs, watches, time stamps.

mod errors;
mod groups;
mod touch;
mod tree;
mod words;

pub use errors::{Code, ErrorCode};
pub use groups::groups;
pub(crate) use touch::{Paths, changes, depends, is_related};
pub use tree::Tree;

use super::Model;
use super::register::Value;
use crate::linearizability::Call;
use std::sync::Arc;

/// A session, by number.
pub type Session = u32;

/// How long a node lives.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Until it is deleted.
    Persistent,
    /// As long as this session.
    Ephemeral(Session),
    /// Until the server finds that it had children and has none any more.
    Container,
    /// Until the server finds that it has no children and was not changed for a time.
    Ttl,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Makes a node.
    Create {
        /// Where; a sequential node gets ten digits after it.
        path: Arc<str>,
        /// What it holds.
        data: Value,
        /// How long it lives.
        kind: Kind,
        /// Whether it is sequential.
        is_sequential: bool,
    },
    /// Changes what a node holds.
    Set {
        /// Which node.
        path: Arc<str>,
        /// What it is to hold.
        data: Value,
        /// At which version only.
        version: Option<u32>,
    },
    /// Removes a node.
    Delete {
        /// Which node.
        path: Arc<str>,
        /// At which version only.
        version: Option<u32>,
    },
    /// Changes nothing, and fails if the node is not at that version: a part of a multi.
    Check {
        /// Which node.
        path: Arc<str>,
        /// At which version; any if none.
        version: Option<u32>,
    },
    /// Asks whether there is a node.
    Exists(Arc<str>),
    /// Asks what a node holds.
    Get(Arc<str>),
    /// Asks what is below a node.
    Children(Arc<str>),
    /// All of these updates, or none.
    Multi(Vec<Request>),
    /// All of these reads, at one moment, each with an answer or error of its own.
    MultiRead(Vec<Request>),
    /// Ends a session and removes its ephemeral nodes: asked for, or because it expired.
    Close(Session),
    /// The server removes a container or TTL node that is empty.
    Reap(Arc<str>),
}

/// What an answer says of a node; what it does not say is `None`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stat {
    /// How often its data was set.
    pub version: Option<u32>,
    /// How often a child came or went.
    pub cversion: Option<u32>,
    /// How many children it has.
    pub children: Option<u32>,
    /// Whether it is ephemeral.
    pub is_ephemeral: Option<bool>,
}

impl Stat {
    /// Nothing but a version.
    pub const fn at(version: u32) -> Self {
        Self { version: Some(version), cversion: None, children: None, is_ephemeral: None }
    }

    /// What it says of what another one says something about.
    fn as_far_as(&self, other: &Self) -> Self {
        Self {
            version: self.version.filter(|_| other.version.is_some()),
            cversion: self.cversion.filter(|_| other.cversion.is_some()),
            children: self.children.filter(|_| other.children.is_some()),
            is_ephemeral: self.is_ephemeral.filter(|_| other.is_ephemeral.is_some()),
        }
    }

    /// Whether it agrees with the right one, as far as it says anything.
    fn agrees(&self, right: &Self) -> bool {
        (self.version.is_none() || self.version == right.version)
            && (self.cversion.is_none() || self.cversion == right.cversion)
            && (self.children.is_none() || self.children == right.children)
            && (self.is_ephemeral.is_none() || self.is_ephemeral == right.is_ephemeral)
    }

    /// Whether it tells something about the node's children.
    const fn sees_children(&self) -> bool {
        self.cversion.is_some() || self.children.is_some()
    }
}

/// What is answered. What the answer does not say is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The node was made, and has this path.
    Created(Option<Arc<str>>, Stat),
    /// The data was set; this is the node now.
    Set(Stat),
    /// It is done: a delete, a check, the end of a session.
    Done,
    /// The node is there.
    Exists(Stat),
    /// The node is not there.
    Absent,
    /// What the node holds; `None` if that is not known.
    Data(Option<Value>, Stat),
    /// The names below the node, in order.
    Children(Vec<Arc<str>>, Stat),
    /// The answers of a multi.
    Multi(Vec<Answer>),
    /// Nothing of a multi was done, because the part at this place failed.
    Failed(usize, ErrorCode),
    /// Nothing was done.
    Error(ErrorCode),
}

impl Request {
    /// Whether it changes nothing whatever the answer, and is no transaction.
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::Exists(_) | Self::Get(_) | Self::Children(_) | Self::MultiRead(_))
    }

    /// The node that it names; none if it names several, or a session.
    pub(crate) const fn path(&self) -> Option<&Arc<str>> {
        match self {
            Self::Create { path, .. }
            | Self::Set { path, .. }
            | Self::Delete { path, .. }
            | Self::Check { path, .. }
            | Self::Exists(path)
            | Self::Get(path)
            | Self::Children(path)
            | Self::Reap(path) => Some(path),
            Self::Multi(_) | Self::MultiRead(_) | Self::Close(_) => None,
        }
    }

    /// The requests that it is made of, if it is a multi.
    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::Multi(parts) | Self::MultiRead(parts) => parts,
            _ => &[],
        }
    }

    /// Changes what is written.
    fn each_data(&mut self, change: &mut impl FnMut(&mut Value)) {
        match self {
            Self::Create { data, .. } | Self::Set { data, .. } => change(data),
            Self::Multi(parts) => parts.iter_mut().for_each(|part| part.each_data(change)),
            _ => {}
        }
    }

    fn forget_version(&mut self) {
        match self {
            Self::Set { version, .. }
            | Self::Delete { version, .. }
            | Self::Check { version, .. } => {
                *version = None;
            }
            Self::Multi(parts) => parts.iter_mut().for_each(Self::forget_version),
            _ => {}
        }
    }
}

impl Answer {
    const fn stat(&self) -> Option<&Stat> {
        match self {
            Self::Created(_, stat)
            | Self::Set(stat)
            | Self::Exists(stat)
            | Self::Data(_, stat)
            | Self::Children(_, stat) => Some(stat),
            _ => None,
        }
    }

    /// What it says that nodes hold.
    pub(crate) fn each_shown(&self, found: &mut impl FnMut(Value)) {
        match self {
            Self::Data(Some(data), _) => found(*data),
            Self::Multi(parts) => parts.iter().for_each(|part| part.each_shown(found)),
            _ => {}
        }
    }

    fn each_stat(&mut self, change: &mut impl FnMut(&mut Stat)) {
        match self {
            Self::Created(_, stat)
            | Self::Set(stat)
            | Self::Exists(stat)
            | Self::Data(_, stat)
            | Self::Children(_, stat) => change(stat),
            Self::Multi(parts) => parts.iter_mut().for_each(|part| part.each_stat(change)),
            Self::Done | Self::Absent | Self::Failed(..) | Self::Error(_) => {}
        }
    }
}

/// An operation with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Op {
    /// What was asked.
    pub request: Request,
    /// What was answered, if anything.
    pub answer: Option<Answer>,
}

impl Op {
    /// What is left of it without versions and other counts: right wherever it is right itself,
    /// and its effect is the same.
    pub(crate) fn without_counts(&self) -> Self {
        let mut op = self.clone();
        if !matches!(op.answer, None | Some(Answer::Error(_) | Answer::Failed(..))) {
            op.request.forget_version();
        }
        if let Some(answer) = &mut op.answer {
            answer.each_stat(&mut |stat| *stat = Stat::default());
        }
        op
    }

    /// The same where nobody cares what it writes: every value that is not shown is like another.
    pub(crate) fn without_data(&self, is_shown: impl Fn(Value) -> bool) -> Self {
        let mut op = self.clone();
        op.request.each_data(&mut |data| *data = if is_shown(*data) { *data } else { Value::NIL });
        op
    }

    /// The same without what depends on children and owners: of a stat, only the version.
    pub(crate) fn without_children(&self) -> Self {
        let mut op = self.clone();
        if let Some(answer) = &mut op.answer {
            answer.each_stat(&mut |stat| *stat = Stat { version: stat.version, ..Stat::default() });
        }
        op
    }

    /// Whether it leaves every state in which its answer is right as it is.
    pub(crate) fn is_pure(&self) -> bool {
        self.request.is_read()
            || matches!(self.request, Request::Check { .. })
            || matches!(self.answer, Some(Answer::Error(_) | Answer::Failed(..)))
    }

    /// Whether leaving an update out could make its answer wrong, or change its effect.
    pub(crate) fn needs(&self, update: &Self) -> bool {
        match &update.request {
            Request::Set { path, data, .. } => touch::sees_set(self, path, *data),
            Request::Close(_) => true,
            _ => is_related(&depends(self), &changes(update)),
        }
    }

    /// Whether its answer is an error that depends on what the model leaves out, such as ACLs:
    /// right in every state.
    fn is_refused(&self) -> bool {
        match &self.answer {
            Some(Answer::Error(code) | Answer::Failed(_, code)) => !code.is_of_the_tree(),
            _ => false,
        }
    }
}

/// The store, with what it holds at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Znodes {
    /// The tree before the first operation.
    pub initial: Arc<Tree>,
}

impl Znodes {
    /// The tree after an operation, or `None` if its answer is wrong.
    pub(crate) fn next(tree: &Arc<Tree>, op: &Op) -> Option<Arc<Tree>> {
        let mut next = tree.clone();
        Self::advance(&mut next, op).then_some(next)
    }

    /// Moves a tree past an operation; whether its answer is right. If not, the tree may have
    /// changed all the same.
    pub(crate) fn advance(tree: &mut Arc<Tree>, op: &Op) -> bool {
        if op.is_refused() {
            return true;
        }
        let answer = match tree.read(&op.request) {
            Some(answer) => answer,
            // What is answered with an error changes nothing: no need to copy the tree.
            None => Arc::make_mut(tree).update(&op.request),
        };
        op.answer.as_ref().is_none_or(|given| agree(given, &answer))
    }
}

impl Model for Znodes {
    type Op = Op;
    type State = Arc<Tree>;

    fn initial(&self) -> Arc<Tree> {
        self.initial.clone()
    }

    fn step(&self, state: &Arc<Tree>, op: &Op) -> Option<Arc<Tree>> {
        Self::next(state, op)
    }

    fn is_pure(&self, op: &Op) -> bool {
        op.is_pure()
    }

    fn depends_on(&self, call: &Call<Op>, update: &Op) -> bool {
        call.op.needs(update)
    }

    fn weight(&self, state: &Arc<Tree>) -> usize {
        state.weight()
    }

    fn describe(&self, op: &Op) -> String {
        words::describe(op)
    }

    fn describe_state(&self, state: &Arc<Tree>) -> String {
        state.describe()
    }

    fn why_not(&self, state: &Arc<Tree>, op: &Op) -> String {
        let mut right = right_answer(state, &op.request);
        // More than the answer says of a node is not to be compared with.
        let given = op.answer.as_ref().and_then(Answer::stat).copied().unwrap_or_default();
        right.each_stat(&mut |stat| *stat = stat.as_far_as(&given));
        format!("the answer would be: {}", words::answered(&op.request, &right))
    }
}

/// What the request would be answered in this state.
pub(crate) fn right_answer(state: &Arc<Tree>, request: &Request) -> Answer {
    match state.read(request) {
        Some(answer) => answer,
        None => Tree::clone(state).update(request),
    }
}

/// Whether what was answered is what should have been, as far as it says anything.
fn agree(given: &Answer, right: &Answer) -> bool {
    match (given, right) {
        (Answer::Created(given, stat), Answer::Created(right, right_stat)) => {
            (given.is_none() || given == right) && stat.agrees(right_stat)
        }
        (Answer::Set(given), Answer::Set(right)) => given.agrees(right),
        (Answer::Exists(given), Answer::Exists(right)) => given.agrees(right),
        (Answer::Data(given, stat), Answer::Data(right, right_stat)) => {
            (right.is_none() || given == right) && stat.agrees(right_stat)
        }
        (Answer::Children(given, stat), Answer::Children(right, right_stat)) => {
            given == right && stat.agrees(right_stat)
        }
        (Answer::Multi(given), Answer::Multi(right)) => {
            given.len() == right.len()
                && given.iter().zip(right).all(|(given, right)| {
                    !matches!(given, Answer::Error(code) if code.is_of_the_tree())
                        && matches!(given, Answer::Error(_))
                        || agree(given, right)
                })
        }
        (Answer::Error(given), Answer::Failed(_, right)) => given == right,
        _ => given == right,
    }
}

#[cfg(test)]
mod tests;
