//! The tree as a value.

use super::{Answer, ErrorCode, Kind, Request, Session, Stat};
use crate::model::register::Value;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    /// None if that is not known.
    data: Option<Value>,
    version: u32,
    /// How many nodes were ever created below it: `cversion` as it is stored.
    created: u32,
    /// How many are there.
    children: u32,
    kind: Kind,
}

impl Node {
    const fn new(data: Option<Value>, kind: Kind) -> Self {
        Self { data, version: 0, created: 0, children: 0, kind }
    }

    /// `DataNode.copyStat`: creations and deletions are counted.
    fn stat(&self) -> Stat {
        Stat {
            version: Some(self.version),
            cversion: Some((self.created.wrapping_mul(2)).wrapping_sub(self.children)),
            children: Some(self.children),
            is_ephemeral: Some(matches!(self.kind, Kind::Ephemeral(_))),
        }
    }
}

/// All nodes by path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tree {
    nodes: BTreeMap<Arc<str>, Node>,
}

/// What was there before, so that it can be put back.
type Undo = Vec<(Arc<str>, Option<Node>)>;

/// The path of the parent; of the root, the root.
pub(super) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// `ZKDatabase.isSpecialPath`: these cannot be deleted.
fn is_special(path: &str) -> bool {
    matches!(path, "/" | "/zookeeper" | "/zookeeper/quota" | "/zookeeper/config")
}

impl Default for Tree {
    /// A new server's: the root, and `/zookeeper` with `config` and `quota`.
    fn default() -> Self {
        let mut tree = Self::bare();
        let empty = Some(Value::NIL);
        let node = |children| Node { children, ..Node::new(empty, Kind::Persistent) };
        tree.nodes.insert("/".into(), node(1));
        tree.nodes.insert("/zookeeper".into(), node(2));
        tree.nodes.insert("/zookeeper/quota".into(), node(0));
        let config = Node::new(None, Kind::Persistent);
        tree.nodes.insert("/zookeeper/config".into(), config);
        tree
    }
}

impl Tree {
    /// Nothing but the root.
    pub fn bare() -> Self {
        let root = Node::new(Some(Value::NIL), Kind::Persistent);
        Self { nodes: BTreeMap::from([("/".into(), root)]) }
    }

    /// Adds a persistent node, and whatever is missing above it.
    pub fn insert(&mut self, path: &str, data: Value) {
        if path != "/" && !self.nodes.contains_key(parent(path)) {
            self.insert(parent(path), Value::NIL);
        }
        let node = Node::new(Some(data), Kind::Persistent);
        if let Some(old) = self.nodes.get_mut(path) {
            old.data = Some(data);
        } else if self.nodes.insert(path.into(), node).is_none()
            && let Some(above) = self.nodes.get_mut(parent(path))
        {
            above.children += 1;
            above.created += 1;
        }
    }

    /// Nothing but a node, if it is there, of some version, and what is above it.
    pub(crate) fn of_one(path: &Arc<str>, node: Option<(Value, u32)>) -> Self {
        let mut tree = Self::bare();
        tree.insert(parent(path), Value::NIL);
        if let Some((data, version)) = node {
            tree.insert(path, data);
            tree.nodes.entry(path.clone()).and_modify(|node| node.version = version);
        }
        tree
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        self.nodes.len() * 96
    }

    /// The nodes that clients made, and what they hold; the first few of them.
    pub(super) fn describe(&self) -> String {
        const SHOWN_MAX: usize = 8;
        let is_shown = |path: &str| path != "/" && !path.starts_with("/zookeeper");
        let nodes = || self.nodes.iter().filter(|(path, _)| is_shown(path));
        let shown = nodes().take(SHOWN_MAX).map(|(path, node)| match node.data {
            Some(data) => format!("{path}={data} v{}", node.version),
            None => path.to_string(),
        });
        let mut shown: Vec<String> = shown.collect();
        if let more @ 1.. = nodes().count().saturating_sub(SHOWN_MAX) {
            shown.push(format!("and {more} more"));
        }
        if shown.is_empty() { "no nodes".to_owned() } else { shown.join(", ") }
    }

    /// The answer to a request that only reads.
    pub(super) fn read(&self, request: &Request) -> Option<Answer> {
        let answer = match request {
            Request::Exists(path) => match self.nodes.get(path) {
                Some(node) => Answer::Exists(node.stat()),
                None => Answer::Absent,
            },
            Request::Get(path) => match self.nodes.get(path) {
                Some(node) => Answer::Data(node.data, node.stat()),
                None => Answer::Error(ErrorCode::NoNode),
            },
            Request::Children(path) => match self.nodes.get(path) {
                Some(node) => {
                    let names = self.children(path).map(|(_, name)| name.into());
                    Answer::Children(names.collect(), node.stat())
                }
                None => Answer::Error(ErrorCode::NoNode),
            },
            Request::Check { path, version } => match self.nodes.get(path) {
                None => Answer::Error(ErrorCode::NoNode),
                Some(node) if version.is_some_and(|version| version != node.version) => {
                    Answer::Error(ErrorCode::BadVersion)
                }
                Some(_) => Answer::Done,
            },
            Request::MultiRead(requests) => {
                Answer::Multi(requests.iter().filter_map(|request| self.read(request)).collect())
            }
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

    /// Applies an update; with an error, nothing is changed.
    pub(super) fn update(&mut self, request: &Request) -> Answer {
        let mut undo = Undo::new();
        match request {
            Request::Multi(requests) => {
                let mut answers = Vec::with_capacity(requests.len());
                for (at, request) in requests.iter().enumerate() {
                    match self.part(request, &mut undo) {
                        Ok(answer) => answers.push(answer),
                        Err(code) => {
                            self.put_back(undo);
                            return Answer::Failed(at, code);
                        }
                    }
                }
                Answer::Multi(answers)
            }
            request => self.part(request, &mut undo).unwrap_or_else(|code| {
                self.put_back(undo);
                Answer::Error(code)
            }),
        }
    }

    fn put_back(&mut self, undo: Undo) {
        for (path, node) in undo.into_iter().rev() {
            match node {
                Some(node) => self.nodes.insert(path, node),
                None => self.nodes.remove(&path),
            };
        }
    }

    fn put(&mut self, path: &Arc<str>, node: Option<Node>, undo: &mut Undo) {
        let before = match node {
            Some(node) => self.nodes.insert(path.clone(), node),
            None => self.nodes.remove(path),
        };
        undo.push((path.clone(), before));
    }

    fn part(&mut self, request: &Request, undo: &mut Undo) -> Result<Answer, ErrorCode> {
        match request {
            Request::Create { path, data, kind, is_sequential } => {
                self.create(path, *data, *kind, *is_sequential, undo)
            }
            Request::Set { path, data, version } => {
                let mut node = self.at(path, *version)?;
                node.data = Some(*data);
                node.version = node.version.wrapping_add(1);
                self.put(path, Some(node), undo);
                Ok(Answer::Set(node.stat()))
            }
            Request::Delete { path, version } => {
                if is_special(path) {
                    return Err(ErrorCode::Other("BadArguments"));
                }
                if self.at(path, *version)?.children > 0 {
                    return Err(ErrorCode::NotEmpty);
                }
                self.remove(path, undo);
                Ok(Answer::Done)
            }
            Request::Reap(path) => {
                let node = self.at(path, None)?;
                let is_over = match node.kind {
                    Kind::Container => node.created > 0,
                    Kind::Ttl => true,
                    Kind::Persistent | Kind::Ephemeral(_) => false,
                };
                if node.children > 0 || !is_over {
                    return Err(ErrorCode::NotEmpty);
                }
                self.remove(path, undo);
                Ok(Answer::Done)
            }
            Request::Close(session) => {
                self.close(*session, undo);
                Ok(Answer::Done)
            }
            request => match self.read(request) {
                Some(Answer::Error(code)) => Err(code),
                Some(answer) => Ok(answer),
                None => Err(ErrorCode::Other("BadArguments")),
            },
        }
    }

    fn at(&self, path: &str, version: Option<u32>) -> Result<Node, ErrorCode> {
        let node = self.nodes.get(path).ok_or(ErrorCode::NoNode)?;
        if version.is_some_and(|version| version != node.version) {
            return Err(ErrorCode::BadVersion);
        }
        Ok(*node)
    }

    fn remove(&mut self, path: &Arc<str>, undo: &mut Undo) {
        self.put(path, None, undo);
        let above: Arc<str> = parent(path).into();
        if let Some(mut node) = self.nodes.get(&above).copied() {
            node.children -= 1;
            self.put(&above, Some(node), undo);
        }
    }

    fn close(&mut self, session: Session, undo: &mut Undo) {
        let its = |(path, node): (&Arc<str>, &Node)| {
            (node.kind == Kind::Ephemeral(session)).then(|| path.clone())
        };
        let paths: Vec<Arc<str>> = self.nodes.iter().filter_map(its).collect();
        for path in paths {
            self.remove(&path, undo);
        }
    }

    /// `PrepRequestProcessor.pRequest2TxnCreate`, in the order of its checks.
    fn create(
        &mut self,
        path: &Arc<str>,
        data: Value,
        kind: Kind,
        is_sequential: bool,
        undo: &mut Undo,
    ) -> Result<Answer, ErrorCode> {
        let above: Arc<str> = parent(path).into();
        let mut node = *self.nodes.get(&above).ok_or(ErrorCode::NoNode)?;
        let path =
            if is_sequential { format!("{path}{:010}", node.created).into() } else { path.clone() };
        if self.nodes.contains_key(&path) {
            return Err(ErrorCode::NodeExists);
        }
        if matches!(node.kind, Kind::Ephemeral(_)) {
            return Err(ErrorCode::NoChildrenForEphemerals);
        }
        node.created = node.created.wrapping_add(1);
        node.children += 1;
        self.put(&above, Some(node), undo);
        let new = Node::new(Some(data), kind);
        self.put(&path, Some(new), undo);
        Ok(Answer::Created(Some(path), new.stat()))
    }
}
