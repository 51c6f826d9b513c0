//! `zab corpus refresh`: what stored cases tell of themselves, as this build tells it.
//!
//! A case repeats for its readers what its schedule shows: the verdict in a sentence, the releases, the
//! story. When the words of a later build are others, they are written again; schedules stay.

use super::output::Out;
use super::progress::Meter;
use super::{Exit, Failure, read_case};
use crate::case::{self, Case};
use crate::oracle::Oracle;
use crate::search::Limit;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn run(files: &[PathBuf], out: &Out) -> Result<Exit, Failure> {
    // All are read before one is written: a typo in the path changes nothing.
    let cases = files.iter().map(|path| Ok((path, read_case(path)?)));
    let cases = cases.collect::<Result<Vec<_>, Failure>>()?;
    let (mut written, mut lost) = (0, Vec::new());
    let meter = Meter::new(out, Limit::Runs(cases.len() as u64));
    for (done, (path, case)) in cases.iter().enumerate() {
        meter.count(done as u64, || path.display().to_string());
        match refresh(path, case)? {
            Some(is_new) => written += usize::from(is_new),
            None => {
                meter.aside(|| out.bad(format!("{}: shows something else now", path.display())));
                lost.push(path.display().to_string());
            }
        }
    }
    meter.finish();
    out.good(format!("{written} of {} cases written again", cases.len()));
    out.json(&json!({ "cases": cases.len(), "written": written, "lost": lost }));
    Ok(if lost.is_empty() { Exit::Clean } else { Exit::NotReproduced })
}

/// Writes a case again if that changes it; says whether it did. `None` if it shows something else.
fn refresh(path: &Path, case: &Case) -> Result<Option<bool>, Failure> {
    let Some(retold) = case.retold(&mut Oracle::new(case.driver)) else {
        return Ok(None);
    };
    if retold == *case {
        return Ok(Some(false));
    }
    let at = |error| Failure::usage(format!("{}: cannot write: {error}", path.display()));
    case::write(&retold, path).map_err(at)?;
    Ok(Some(true))
}
