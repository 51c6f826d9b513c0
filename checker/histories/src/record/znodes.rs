//! Znodes in files.
//!
//! | f | value of invoke | value of ok |
//! |---|---|---|
//! | `create` | `{path, data, sequential?}` | `{path?}` |
//! | `set` | `{path, data, version?}` | `{version?}` |
//! | `delete` | `{path, version?}` | nil |
//! | `exists` | `{path}` | `{exists}` |
//! | `get` | `{path}` | `{data, version?}` |
//! | `children` | `{path}` | `{children: […]}` |
//! | `multi` | `{ops: [{f, …}, …]}` | `{results: [{…}, …]}` |
//! | `sync` | nil | nil |
//!
//! Any answer may be `{error: "NoNode" | "NodeExists" | "BadVersion" | "NotEmpty"}` instead. The
//! field `zxid` of `ok` is the transaction of an update, or the last one that a read had seen.

use super::{Names, Workload};
use crate::format::{Datum, Field, Line};
use crate::model::znode::{Answer, ErrorCode, Op, Request};
use std::sync::Arc;

/// A request, or a `sync`, with the zxid of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Positioned {
    /// The operation; none for `sync`.
    pub op: Option<Op>,
    /// The zxid that came with the answer.
    pub zxid: Option<u64>,
}

/// Reads znodes.
#[derive(Copy, Clone, Debug)]
pub struct Znodes;

fn path(value: Datum<'_>) -> Result<Arc<str>, String> {
    let path = value.get("path").and_then(Datum::text);
    let path = path.filter(|path| path.starts_with('/'));
    path.map(Arc::from).ok_or_else(|| "value needs a path that begins with '/'".to_owned())
}

fn version(value: Datum<'_>) -> Result<Option<u32>, String> {
    match value.get("version").and_then(Datum::int) {
        None | Some(-1) => Ok(None),
        Some(version) => {
            u32::try_from(version).map(Some).map_err(|_| format!("no version: {version}"))
        }
    }
}

fn request(f: Option<&str>, value: Datum<'_>, names: &mut Names) -> Result<Request, String> {
    let mut data = || {
        let data = value.get("data").ok_or("value needs data")?;
        Ok::<_, String>(names.value(data))
    };
    Ok(match f {
        Some("create") => Request::Create {
            path: path(value)?,
            data: data()?,
            is_sequential: value.get("sequential").and_then(Datum::bool) == Some(true),
        },
        Some("set") => Request::Set { path: path(value)?, data: data()?, version: version(value)? },
        Some("delete") => Request::Delete { path: path(value)?, version: version(value)? },
        Some("exists") => Request::Exists(path(value)?),
        Some("get") => Request::Get(path(value)?),
        Some("children") => Request::Children(path(value)?),
        Some("multi") => {
            let ops = value.get("ops").and_then(Datum::items).ok_or("value needs ops")?;
            let requests: Result<_, _> =
                ops.map(|op| request(op.get("f").and_then(Datum::text), op, names)).collect();
            Request::Multi(requests?)
        }
        f => {
            return Err(format!(
                "f is {}, expected create, set, delete, exists, get, children, multi or sync",
                f.unwrap_or("missing")
            ));
        }
    })
}

fn answer(
    request: &Request,
    value: Option<Datum<'_>>,
    names: &mut Names,
) -> Result<Answer, String> {
    let get = |name: &str| value.and_then(|value| value.get(name));
    if let Some(error) = get("error") {
        let name = error.text().unwrap_or_default();
        let code = ErrorCode::ALL.into_iter().find(|code| code.name() == name);
        let known = ErrorCode::ALL.map(ErrorCode::name).join(", ");
        return code.map(Answer::Error).ok_or_else(|| format!("error is {name}, expected {known}"));
    }
    let number = value.map_or(Ok(None), version)?;
    Ok(match request {
        Request::Create { .. } => Answer::Created(get("path").and_then(Datum::text).map(Arc::from)),
        Request::Set { .. } => Answer::Set(number),
        Request::Delete { .. } => Answer::Deleted,
        Request::Exists(_) => {
            Answer::Exists(get("exists").and_then(Datum::bool).ok_or("the answer needs exists")?)
        }
        Request::Get(_) => {
            Answer::Data(names.value(get("data").ok_or("the answer needs data")?), number)
        }
        Request::Children(_) => {
            let list = get("children").and_then(Datum::items).ok_or("the answer needs children")?;
            let mut children: Vec<Arc<str>> = list.filter_map(Datum::text).map(Arc::from).collect();
            children.sort_unstable();
            Answer::Children(children)
        }
        Request::Multi(requests) => {
            let list = get("results").and_then(Datum::items).ok_or("the answer needs results")?;
            let results: Result<_, _> =
                requests.iter().zip(list).map(|(r, value)| answer(r, Some(value), names)).collect();
            Answer::Multi(results?)
        }
    })
}

impl Workload for Znodes {
    type Op = Positioned;

    fn invoke(&mut self, line: &Line, names: &mut Names) -> Result<(u32, Positioned), String> {
        if line.f() == Some("sync") {
            return Ok((0, Positioned { op: None, zxid: None }));
        }
        let value = line.value().ok_or("the operation needs a value")?;
        let request = request(line.f(), value, names)?;
        Ok((0, Positioned { op: Some(Op { request, answer: None }), zxid: None }))
    }

    fn complete(
        &mut self,
        positioned: &mut Positioned,
        line: &Line,
        names: &mut Names,
    ) -> Result<(), String> {
        let zxid = line.get(Field::Zxid).and_then(Datum::int);
        positioned.zxid = zxid.and_then(|zxid| u64::try_from(zxid).ok());
        if let Some(op) = &mut positioned.op {
            op.answer = Some(answer(&op.request, line.value(), names)?);
        }
        Ok(())
    }
}
