//! Znodes in files.
//!
//! | f | value of invoke | value of ok |
//! |---|---|---|
//! | `create` | `{path, data, sequential?, ephemeral?, container?, ttl?}` | `{path?, …stat}` |
//! | `set` | `{path, data, version?}` | `{…stat}` |
//! | `delete`, `check` | `{path, version?}` | nil |
//! | `exists` | `{path}` | `{exists, …stat}` |
//! | `get` | `{path}` | `{data, …stat}` |
//! | `children` | `{path}` | `{children: […], …stat}` |
//! | `multi` | `{ops: [{f, …}, …]}` | `{results: [{…}, …]}` |
//! | `sync`, `close` | nil | nil |
//!
//! A multi of reads is ZooKeeper's multi-read; `close` ends the session. Of a node's stat, `version`,
//! `cversion`, `numChildren` and `ephemeralOwner` are judged, each as far as it is there.
//!
//! A field that is not known is refused, unless its name begins with `_`.
//!
//! Any answer may be `{error: …}` instead, with the name or number of a `KeeperException`: one that
//! says that nothing was done is judged, one that leaves it open makes the operation `info`. A
//! multi that failed has one error, or one for each part, as ZooKeeper answers it.
//!
//! The field `zxid` of `ok` is that of the reply's header: the transaction of an update, or the
//! last one that a read had seen. The field `session` tells whose operation it is; without it,
//! each process is a session. Operations of a session are taken to have been sent in the order in
//! which they stand in the file. A process may have several open, as an asynchronous client has:
//! they are answered in the order in which they were sent.

mod answers;
mod fields;

use super::{Completion, Names, Outcome, Workload};
use crate::format::{Datum, Field, Line};
use crate::model::znode::{Kind, Op, Request, Session};
use fields::{Fields, only};
use std::sync::Arc;

/// A request, or a `sync`, with the zxid of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Positioned {
    /// The operation; none for `sync`.
    pub op: Option<Op>,
    /// In which session.
    pub session: Session,
    /// The zxid that came with the answer.
    pub zxid: Option<u64>,
}

impl Positioned {
    /// Whether it changes nothing and is no transaction.
    pub(crate) fn is_read(&self) -> bool {
        self.op.as_ref().is_none_or(|op| op.request.is_read())
    }
}

/// Reads znodes.
#[derive(Copy, Clone, Debug)]
pub struct Znodes;

const KNOWN: &str = "create, set, delete, check, exists, get, children, multi, sync or close";

/// A request, or one that is part of a multi.
fn request(
    f: Option<&str>,
    value: Datum<'_>,
    session: Session,
    names: &mut Names,
) -> Result<Request, String> {
    let fields = Fields(value);
    let (path, version) = (|| fields.path(), || fields.version());
    Ok(match f {
        Some("create" | "create2") => {
            only(value, &["path", "data", "sequential", "ephemeral", "container", "ttl", "f"])?;
            Request::Create {
                path: path()?,
                data: fields.data(names)?,
                kind: kind(fields, session)?,
                is_sequential: fields.flag("sequential")?,
            }
        }
        Some("set" | "setData") => {
            only(value, &["path", "data", "version", "f"])?;
            Request::Set { path: path()?, data: fields.data(names)?, version: version()? }
        }
        Some("delete") => {
            only(value, &["path", "version", "f"])?;
            Request::Delete { path: path()?, version: version()? }
        }
        Some("check") => {
            only(value, &["path", "version", "f"])?;
            Request::Check { path: path()?, version: version()? }
        }
        Some("exists") => Request::Exists(only_path(value)?),
        Some("get" | "getData") => Request::Get(only_path(value)?),
        Some("children" | "getChildren" | "getChildren2") => Request::Children(only_path(value)?),
        Some("multi" | "multi-read") => {
            only(value, &["ops"])?;
            multi(value, session, names)?
        }
        f => return Err(format!("f is {}, expected {KNOWN}", f.unwrap_or("missing"))),
    })
}

fn only_path(value: Datum<'_>) -> Result<Arc<str>, String> {
    only(value, &["path", "f"])?;
    Fields(value).path()
}

fn kind(fields: Fields<'_>, session: Session) -> Result<Kind, String> {
    let ttl = fields.0.get("ttl").filter(|ttl| !ttl.is_nil() && ttl.int() != Some(-1));
    let kinds = [
        (fields.flag("ephemeral")?, Kind::Ephemeral(session)),
        (fields.flag("container")?, Kind::Container),
        (ttl.is_some(), Kind::Ttl),
    ];
    let mut kinds = kinds.into_iter().filter(|(is_it, _)| *is_it);
    match (kinds.next(), kinds.next()) {
        (None, _) => Ok(Kind::Persistent),
        (Some((_, kind)), None) => Ok(kind),
        _ => Err("a node is ephemeral, a container or has a ttl, but only one of these".to_owned()),
    }
}

fn multi(value: Datum<'_>, session: Session, names: &mut Names) -> Result<Request, String> {
    let ops = value.get("ops").and_then(Datum::items);
    let ops = ops.ok_or("value needs ops, a list of {f, path, …}")?;
    let mut parts = Vec::new();
    for op in ops {
        let f = op.get("f").and_then(Datum::text);
        let part = request(f, op, session, names).map_err(|what| format!("in ops: {what}"))?;
        if matches!(part, Request::Multi(_) | Request::MultiRead(_)) {
            return Err("a multi cannot be part of a multi".to_owned());
        }
        parts.push(part);
    }
    match parts.iter().filter(|part| part.is_read()).count() {
        0 => Ok(Request::Multi(parts)),
        reads if reads == parts.len() => Ok(Request::MultiRead(parts)),
        _ => Err("a multi is of updates and checks, or of reads, but not of both".to_owned()),
    }
}

/// The zxid of a line: a number, or text in decimal or with `0x`.
fn zxid(line: &Line) -> Result<Option<u64>, String> {
    let Some(zxid) = line.get(Field::Zxid).filter(|zxid| !zxid.is_nil()) else { return Ok(None) };
    let parsed = match zxid.text() {
        Some(text) => match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
        None => zxid.int().and_then(|zxid| u64::try_from(zxid).ok()),
    };
    match parsed {
        // What follows a transaction has to have a number.
        Some(zxid) if zxid < u64::MAX >> 2 => Ok(Some(zxid)),
        _ => Err(format!("zxid is {}, expected a number, decimal or 0x…", zxid.shown())),
    }
}

impl Workload for Znodes {
    type Op = Positioned;
    /// ZooKeeper answers the requests of a session in order.
    const IS_PIPELINED: bool = true;

    fn invoke(&mut self, line: &Line, names: &mut Names) -> Result<(u32, Positioned), String> {
        if zxid(line)?.is_some() {
            return Err(
                "an invocation has no zxid: it stands in the header of the reply".to_owned()
            );
        }
        let session = names.session(line);
        let op = match (line.f(), line.value()) {
            (Some("sync"), _) => None,
            (Some("close" | "closeSession"), None) => Some(Request::Close(session)),
            (None, _) => return Err(format!("f is {}, expected {KNOWN}", line.f_shown())),
            (_, None) => return Err("the operation needs a value, as in {path: …}".to_owned()),
            (f, Some(value)) => Some(request(f, value, session, names)?),
        };
        let op = op.map(|request| Op { request, answer: None });
        Ok((0, Positioned { op, session, zxid: None }))
    }

    fn give_up(&self, line: &Line) -> Result<(), String> {
        match zxid(line)? {
            None => Ok(()),
            Some(_) => Err("what has a zxid was answered: then its type is ok, and an error \
                            stands in its value"
                .to_owned()),
        }
    }

    fn complete(
        &mut self,
        positioned: &mut Positioned,
        ok: &Completion<'_>,
        names: &mut Names,
    ) -> Result<Outcome, String> {
        let line = ok.line;
        let has_session = line.get(Field::Session).is_some_and(|session| !session.is_nil());
        if has_session && names.session(line) != positioned.session {
            return Err("the session is another one than that of the invocation".to_owned());
        }
        positioned.zxid = zxid(line)?;
        let Some(op) = &mut positioned.op else { return answers::of_sync(line.value()) };
        op.answer = answers::answer(&op.request, line.value(), names)?;
        Ok(if op.answer.is_some() { Outcome::Done } else { Outcome::Open })
    }
}
