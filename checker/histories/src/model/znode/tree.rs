//! The tree as a value.

use super::{Answer, ErrorCode, Request};
use crate::model::register::Value;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    data: Value,
    version: u32,
    /// How many nodes were ever created below it.
    created: u32,
}

const NEW: Node = Node { data: Value::NIL, version: 0, created: 0 };

/// All nodes by path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tree {
    nodes: BTreeMap<Arc<str>, Node>,
}

/// The path of the parent; of the root, the root.
pub(super) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: BTreeMap::from([("/".into(), NEW)]) }
    }

    /// What the request is answered, and the tree after it.
    pub(super) fn apply(tree: &Arc<Self>, request: &Request) -> (Answer, Arc<Self>) {
        if let Some(answer) = tree.read(request) {
            return (answer, tree.clone());
        }
        let mut next = Self::clone(tree);
        match next.update(request) {
            Ok(answer) => (answer, Arc::new(next)),
            Err(code) => (Answer::Error(code), tree.clone()),
        }
    }

    fn read(&self, request: &Request) -> Option<Answer> {
        let answer = match request {
            Request::Exists(path) => Answer::Exists(self.nodes.contains_key(path)),
            Request::Get(path) => match self.nodes.get(path) {
                Some(node) => Answer::Data(node.data, Some(node.version)),
                None => Answer::Error(ErrorCode::NoNode),
            },
            Request::Children(path) if self.nodes.contains_key(path) => {
                Answer::Children(self.children(path).map(|(_, name)| name.into()).collect())
            }
            Request::Children(_) => Answer::Error(ErrorCode::NoNode),
            _ => return None,
        };
        Some(answer)
    }

    /// Paths and names of the children.
    fn children<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let length = prefix.len();
        self.nodes
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map(|(child, _)| &**child)
            .take_while(move |child| child.starts_with(&prefix))
            .filter(move |child| child.len() > length && !child[length..].contains('/'))
            .map(move |child| (child, &child[length..]))
    }

    fn update(&mut self, request: &Request) -> Result<Answer, ErrorCode> {
        match request {
            Request::Create { path, data, is_sequential } => {
                self.create(path, *data, *is_sequential)
            }
            Request::Set { path, data, version } => {
                let node = self.nodes.get_mut(path).ok_or(ErrorCode::NoNode)?;
                if version.is_some_and(|version| version != node.version) {
                    return Err(ErrorCode::BadVersion);
                }
                node.data = *data;
                node.version = node.version.wrapping_add(1);
                Ok(Answer::Set(Some(node.version)))
            }
            Request::Delete { path, version } => {
                let node = self.nodes.get(path).ok_or(ErrorCode::NoNode)?;
                if version.is_some_and(|version| version != node.version) {
                    return Err(ErrorCode::BadVersion);
                }
                if self.children(path).next().is_some() || &**path == "/" {
                    return Err(ErrorCode::NotEmpty);
                }
                self.nodes.remove(path);
                Ok(Answer::Deleted)
            }
            Request::Multi(requests) => {
                let answers: Result<Vec<_>, _> = requests
                    .iter()
                    .map(|request| match self.read(request) {
                        Some(Answer::Error(code)) => Err(code),
                        Some(answer) => Ok(answer),
                        None => self.update(request),
                    })
                    .collect();
                answers.map(Answer::Multi)
            }
            Request::Exists(_) | Request::Get(_) | Request::Children(_) => {
                self.read(request).ok_or(ErrorCode::NoNode)
            }
        }
    }

    fn create(
        &mut self,
        path: &Arc<str>,
        data: Value,
        is_sequential: bool,
    ) -> Result<Answer, ErrorCode> {
        let above = self.nodes.get_mut(parent(path)).ok_or(ErrorCode::NoNode)?;
        let path = if is_sequential {
            format!("{path}{:010}", above.created).into()
        } else {
            path.clone()
        };
        let created = &mut above.created;
        *created = created.wrapping_add(1);
        if self.nodes.insert(path.clone(), Node { data, ..NEW }).is_some() {
            return Err(ErrorCode::NodeExists);
        }
        Ok(Answer::Created(Some(path)))
    }
}
