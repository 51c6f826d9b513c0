//! ZooKeeper's tree of znodes: create, setData, delete, exists, getData, getChildren and multi.
//!
//! What is like ZooKeeper (`PrepRequestProcessor`, `DataTree`): a parent has to exist and cannot
//! be deleted while it has children; the version of a node counts its `setData`; the number in a
//! sequential name counts the nodes ever created below the parent; a multi takes place as a whole
//! or not at all. Left out: ACLs, ephemeral nodes, time stamps.

mod groups;
mod tree;

pub use groups::groups;
pub use tree::Tree;

use super::Model;
use super::register::Value;
use crate::linearizability::Call;
use std::sync::Arc;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Makes a node.
    Create {
        /// Where; a sequential node gets ten digits behind it.
        path: Arc<str>,
        /// What it holds.
        data: Value,
        /// Whether it is sequential.
        is_sequential: bool,
    },
    /// Changes what a node holds.
    Set {
        /// Which node.
        path: Arc<str>,
        /// What it shall hold.
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
    /// Asks whether there is a node.
    Exists(Arc<str>),
    /// Asks what a node holds.
    Get(Arc<str>),
    /// Asks what is below a node.
    Children(Arc<str>),
    /// All of these, or none.
    Multi(Vec<Request>),
}

/// What is answered. What the answer does not say is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The node was made, and has this path.
    Created(Option<Arc<str>>),
    /// The data was set; the node has this version now.
    Set(Option<u32>),
    /// The node is gone.
    Deleted,
    /// Whether the node is there.
    Exists(bool),
    /// What the node holds, and its version.
    Data(Value, Option<u32>),
    /// The names below the node, in order.
    Children(Vec<Arc<str>>),
    /// The answers of a multi.
    Multi(Vec<Answer>),
    /// Nothing was done.
    Error(ErrorCode),
}

/// Why nothing was done: `KeeperException.Code`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The node, or the parent, is not there.
    NoNode,
    /// The node is there already.
    NodeExists,
    /// The node has another version.
    BadVersion,
    /// The node has children.
    NotEmpty,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 4] = [Self::NoNode, Self::NodeExists, Self::BadVersion, Self::NotEmpty];

    /// Its name in files, as in ZooKeeper.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoNode => "NoNode",
            Self::NodeExists => "NodeExists",
            Self::BadVersion => "BadVersion",
            Self::NotEmpty => "NotEmpty",
        }
    }
}

impl Request {
    /// Whether it changes nothing whatever the answer.
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::Exists(_) | Self::Get(_) | Self::Children(_))
    }

    fn describe(&self) -> String {
        let at = |version: &Option<u32>| version.map_or_else(String::new, |v| format!(" at {v}"));
        match self {
            Self::Create { path, data, is_sequential: false } => format!("create {path}={data}"),
            Self::Create { path, data, .. } => format!("create {path}…={data}"),
            Self::Set { path, data, version } => format!("set {path}={data}{}", at(version)),
            Self::Delete { path, version } => format!("delete {path}{}", at(version)),
            Self::Exists(path) => format!("exists {path}"),
            Self::Get(path) => format!("get {path}"),
            Self::Children(path) => format!("children {path}"),
            Self::Multi(requests) => {
                let parts: Vec<_> = requests.iter().map(Self::describe).collect();
                format!("multi ({})", parts.join("; "))
            }
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

/// The tree, which has only its root at first.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Znodes;

impl Model for Znodes {
    type Op = Op;
    type State = Arc<Tree>;

    fn initial(&self) -> Arc<Tree> {
        Arc::new(Tree::new())
    }

    fn step(&self, state: &Arc<Tree>, op: &Op) -> Option<Arc<Tree>> {
        let (answer, next) = Tree::apply(state, &op.request);
        op.answer.as_ref().is_none_or(|given| agree(given, &answer)).then_some(next)
    }

    fn is_pure(&self, op: &Op) -> bool {
        op.request.is_read() || matches!(op.answer, Some(Answer::Error(_)))
    }

    fn depends_on(&self, call: &Call<Op>, update: &Op) -> bool {
        match &update.request {
            Request::Set { path, data, .. } => sees(&call.op.request, &call.op, path, *data),
            _ => true,
        }
    }

    fn describe(&self, op: &Op) -> String {
        let request = op.request.describe();
        match &op.answer {
            None => request,
            Some(Answer::Created(Some(path))) => format!("{request} gave {path}"),
            Some(Answer::Created(None) | Answer::Deleted | Answer::Set(None)) => request,
            Some(Answer::Set(Some(version))) => format!("{request} gave version {version}"),
            Some(Answer::Exists(true)) => format!("{request} gave yes"),
            Some(Answer::Exists(false)) => format!("{request} gave no"),
            Some(Answer::Data(data, None)) => format!("{request} gave {data}"),
            Some(Answer::Data(data, Some(version))) => {
                format!("{request} gave {data} of version {version}")
            }
            Some(Answer::Children(names)) => format!("{request} gave {names:?}"),
            Some(Answer::Multi(_)) => format!("{request} was done"),
            Some(Answer::Error(code)) => format!("{request} gave {}", code.name()),
        }
    }

    fn why_not(&self, state: &Arc<Tree>, op: &Op) -> String {
        let (answer, _) = Tree::apply(state, &op.request);
        let right = Op { request: op.request.clone(), answer: Some(answer) };
        format!("the answer would be: {}", self.describe(&right))
    }
}

/// Whether the answer or the effect of a request can tell that this was set: by the data, or by
/// the version that it counted up.
fn sees(request: &Request, op: &Op, path: &Arc<str>, data: Value) -> bool {
    match request {
        Request::Get(node) if node == path => match &op.answer {
            Some(Answer::Data(found, version)) => *found == data || version.is_some(),
            answer => answer.is_none(),
        },
        Request::Set { path: node, version, .. } if node == path => {
            version.is_some() || !matches!(op.answer, None | Some(Answer::Set(None)))
        }
        Request::Delete { path: node, version } => node == path && version.is_some(),
        // Its parts have no answers of their own here.
        Request::Multi(_) => true,
        _ => false,
    }
}

/// Whether what was answered is what should have been, as far as it says anything.
fn agree(given: &Answer, right: &Answer) -> bool {
    match (given, right) {
        (Answer::Created(given), Answer::Created(right)) => given.is_none() || given == right,
        (Answer::Set(given), Answer::Set(right)) => given.is_none() || given == right,
        (Answer::Data(given, version), Answer::Data(right, right_version)) => {
            given == right && (version.is_none() || version == right_version)
        }
        (Answer::Multi(given), Answer::Multi(right)) => {
            given.len() == right.len() && given.iter().zip(right).all(|(g, r)| agree(g, r))
        }
        _ => given == right,
    }
}

#[cfg(test)]
mod tests;
