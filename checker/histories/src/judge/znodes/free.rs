//! Operations that may have taken place, or not: those that were never answered, and those that the
//! servers do by themselves. A session that fell silent may have expired, which ends its ephemeral
//! nodes; an empty container or TTL node may have been removed.

use crate::linearizability::{Call, NEVER};
use crate::model::znode::{Answer, Kind, Op, Paths, Request, Session, changes, depends};
use crate::record::Positioned;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Something that a server may have done by itself.
#[derive(Clone, Debug)]
pub(super) struct Silent {
    /// What it did.
    pub(super) request: Request,
    /// After which operation: the last answered one of the session, or the one that made the node.
    pub(super) after: usize,
    /// Whether that one has to be over first.
    pub(super) is_after_return: bool,
}

/// What the servers may have done by themselves.
pub(super) fn silent(calls: &[Call<Positioned>]) -> Vec<Silent> {
    let mut owners: Vec<(Session, usize)> = Vec::new();
    let mut last: FxHashMap<Session, usize> = FxHashMap::default();
    let mut closed: FxHashSet<Session> = FxHashSet::default();
    let mut silent = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let session = call.op.session;
        if !call.is_crashed() {
            let last = last.entry(session).or_insert(at);
            *last = if calls[*last].returned < call.returned { at } else { *last };
        }
        let Some(op) = &call.op.op else { continue };
        if matches!(op.request, Request::Close(_)) {
            closed.insert(session);
        }
        each_made(&op.request, op.answer.as_ref(), &mut |path, kind| match kind {
            Kind::Persistent => {}
            Kind::Ephemeral(session) => owners.push((session, at)),
            Kind::Container | Kind::Ttl => {
                let request = Request::Reap(path);
                silent.push(Silent { request, after: at, is_after_return: false });
            }
        });
    }
    let mut expires: FxHashSet<Session> = FxHashSet::default();
    for (session, made) in owners {
        if !closed.contains(&session) && expires.insert(session) {
            let answered = last.get(&session).copied();
            let (after, is_after_return) = (answered.unwrap_or(made), answered.is_some());
            silent.push(Silent { request: Request::Close(session), after, is_after_return });
        }
    }
    silent
}

/// The nodes that a request makes, if it is not known to have failed.
fn each_made(request: &Request, answer: Option<&Answer>, found: &mut impl FnMut(Arc<str>, Kind)) {
    match (request, answer) {
        (_, Some(Answer::Error(_) | Answer::Failed(..))) => {}
        (Request::Create { kind, .. }, Some(Answer::Created(Some(path), _))) => {
            found(path.clone(), *kind);
        }
        (Request::Create { path, kind, .. }, _) => found(path.clone(), *kind),
        (Request::Multi(parts), answer) => {
            for (at, part) in parts.iter().enumerate() {
                let answer = match answer {
                    Some(Answer::Multi(answers)) => answers.get(at),
                    _ => None,
                };
                each_made(part, answer, found);
            }
        }
        _ => {}
    }
}

/// An operation that may take place anywhere above its floor, or never.
#[derive(Clone, Debug)]
pub(super) struct Free {
    pub(super) op: Op,
    /// Which operation of the history it is, if it is one.
    pub(super) call: Option<usize>,
    /// Its zxid is above this one.
    pub(super) floor: u64,
    pub(super) depends: Paths,
    pub(super) changes: Paths,
}

/// All operations that have no zxid. `floor` tells what was known at an operation's invocation,
/// and at its return.
pub(super) fn free(
    calls: &[Call<Positioned>],
    floor: impl Fn(usize) -> u64,
    seen: impl Fn(Session) -> u64,
) -> Vec<Free> {
    let mut owned: FxHashMap<Session, Paths> = FxHashMap::default();
    for op in calls.iter().filter_map(|call| call.op.op.as_ref()) {
        each_made(&op.request, op.answer.as_ref(), &mut |path, kind| {
            if let Kind::Ephemeral(session) = kind {
                // What removes it changes what a delete of it would.
                let request = Request::Delete { path, version: None };
                owned.entry(session).or_default().join(changes(&Op { request, answer: None }));
            }
        });
    }
    let free = |op: Op, call: Option<usize>, floor: u64| {
        let (depends, mut changes) = (depends(&op), changes(&op));
        if let Request::Close(session) = &op.request {
            changes.join(owned.get(session).cloned().unwrap_or_default());
        }
        Free { op, call, floor, depends, changes }
    };
    let is_free = |call: &Call<Positioned>| {
        !call.op.is_read() && (call.returned == NEVER || call.op.zxid.is_none())
    };
    let asked = calls.iter().enumerate().filter(|(_, call)| is_free(call));
    let mut all: Vec<Free> = asked
        .filter_map(|(at, call)| Some(free(call.op.op.clone()?, Some(at), floor(at))))
        .collect();
    for Silent { request, after, is_after_return } in silent(calls) {
        let above = match (is_after_return, &request) {
            (true, Request::Close(session)) => seen(*session),
            _ => calls[after].op.zxid.unwrap_or_else(|| floor(after)),
        };
        all.push(free(Op { request, answer: None }, None, above));
    }
    all
}
