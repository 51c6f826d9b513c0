//! What requests are answered.

use super::fields::{Fields, STAT, only};
use crate::format::Datum;
use crate::model::znode::{Answer, Code, ErrorCode, Request};
use crate::record::{Names, Outcome};
use std::sync::Arc;

/// The answer to a sync says nothing but that it is done.
pub(super) fn of_sync(value: Option<Datum<'_>>) -> Result<Outcome, String> {
    match error(value)? {
        None | Some(Code::Ok) => Ok(Outcome::Done),
        Some(Code::Refused(_)) => Ok(Outcome::NotDone),
        Some(Code::Open) => Ok(Outcome::Open),
    }
}

/// The answer of a line; none if the error in it leaves open what happened.
pub(super) fn answer(
    request: &Request,
    value: Option<Datum<'_>>,
    names: &mut Names,
) -> Result<Option<Answer>, String> {
    match error(value)? {
        None | Some(Code::Ok) => {}
        Some(Code::Open) => return Ok(None),
        Some(Code::Refused(ErrorCode::NoNode)) if matches!(request, Request::Exists(_)) => {
            return Ok(Some(Answer::Absent));
        }
        Some(Code::Refused(code)) => return Ok(Some(Answer::Error(code))),
    }
    if let Request::Multi(parts) | Request::MultiRead(parts) = request {
        return multi(request, parts, value, names);
    }
    granted(request, value, names).map(Some)
}

/// The error in an answer, if there is one.
fn error(value: Option<Datum<'_>>) -> Result<Option<Code>, String> {
    let error = value.and_then(|value| value.get("error")).filter(|error| !error.is_nil());
    let Some((value, error)) = value.zip(error) else { return Ok(None) };
    only(value, &["error", "path"])?;
    let code = Code::parse(&error.shown());
    code.map(Some).ok_or_else(|| {
        format!("error is {}, expected the name or number of a KeeperException", error.shown())
    })
}

/// Refuses a value with other fields than these, those of a stat, and the path.
fn with_stat(value: Option<Datum<'_>>, others: &[&str], name: &str) -> Result<(), String> {
    let Some(value) = value else { return Ok(()) };
    let known: Vec<&str> = others.iter().copied().chain(STAT).chain(["path"]).collect();
    only(value, &known).map_err(|what| format!("the answer to {name}: {what}"))
}

/// The answer to a request that was not answered with an error.
fn granted(
    request: &Request,
    value: Option<Datum<'_>>,
    names: &mut Names,
) -> Result<Answer, String> {
    let get = |name: &str| value.and_then(|value| value.get(name));
    let stat = || value.map_or_else(|| Ok(Default::default()), |value| Fields(value).stat());
    Ok(match request {
        Request::Create { .. } => {
            with_stat(value, &[], "create")?;
            let path = match get("path").filter(|path| !path.is_nil()) {
                None => None,
                Some(path) => Some(path.text().ok_or("path has to be a string")?.into()),
            };
            Answer::Created(path, stat()?)
        }
        Request::Set { .. } => {
            with_stat(value, &[], "set")?;
            Answer::Set(stat()?)
        }
        Request::Exists(_) => {
            with_stat(value, &["exists"], "exists")?;
            match get("exists").map(Datum::bool) {
                Some(Some(true)) => Answer::Exists(stat()?),
                Some(Some(false)) => Answer::Absent,
                _ => return Err("the answer to exists needs exists, true or false".to_owned()),
            }
        }
        Request::Get(_) => {
            with_stat(value, &["data"], "get")?;
            let value = value.ok_or("the answer to get needs data")?;
            Answer::Data(Some(Fields(value).data(names)?), stat()?)
        }
        Request::Children(_) => {
            with_stat(value, &["children"], "children")?;
            Answer::Children(children(get("children"))?, stat()?)
        }
        Request::Delete { .. } | Request::Check { .. } | Request::Close(_) | Request::Reap(_) => {
            if let Some(value) = value.filter(|value| value.names().is_some()) {
                only(value, &["path", "version"])?;
            }
            Answer::Done
        }
        Request::Multi(_) | Request::MultiRead(_) => {
            return Err("a multi cannot be part of a multi".to_owned());
        }
    })
}

fn children(list: Option<Datum<'_>>) -> Result<Vec<Arc<str>>, String> {
    const EXPECTED: &str = "the answer to children needs children, a list of strings";
    let list = list.and_then(Datum::items).ok_or(EXPECTED)?;
    let children: Option<Vec<Arc<str>>> = list.map(|name| name.text().map(Arc::from)).collect();
    let mut children = children.ok_or(EXPECTED)?;
    children.sort_unstable();
    if children.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("the answer to children names a child twice".to_owned());
    }
    Ok(children)
}

/// The answer to a multi. One that failed has a code for each part: `Ok` before the one that
/// failed, and `RuntimeInconsistency` after it.
fn multi(
    request: &Request,
    parts: &[Request],
    value: Option<Datum<'_>>,
    names: &mut Names,
) -> Result<Option<Answer>, String> {
    const EXPECTED: &str = "the answer to multi needs results, a list with one for each of its ops";
    let value = value.ok_or(EXPECTED)?;
    only(value, &["results"])?;
    let results = || value.get("results").and_then(Datum::items);
    let count = results().ok_or(EXPECTED)?.count();
    if count != parts.len() {
        return Err(format!("{EXPECTED}: {count} for {}", parts.len()));
    }
    let results = || results().into_iter().flatten().enumerate();
    if matches!(request, Request::Multi(_)) {
        let mut is_failed = false;
        for (at, result) in results() {
            match error(Some(result).filter(|result| !result.is_nil()))? {
                Some(Code::Refused(ErrorCode::Other("RuntimeInconsistency"))) => is_failed = true,
                Some(Code::Refused(code)) => return Ok(Some(Answer::Failed(at, code))),
                Some(Code::Open) => return Ok(None),
                Some(Code::Ok) | None => {}
            }
        }
        if is_failed {
            return Err("no result names the error that the multi failed with".to_owned());
        }
    }
    let mut answers = Vec::with_capacity(count);
    for (part, (_, result)) in parts.iter().zip(results()) {
        match answer(part, Some(result).filter(|result| !result.is_nil()), names)? {
            Some(answer) => answers.push(answer),
            None => return Ok(None),
        }
    }
    Ok(Some(Answer::Multi(answers)))
}
