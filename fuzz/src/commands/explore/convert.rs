//! A trail as a case of a schedule, where one says the same.

use super::super::minimize::{Shown, promised, shrink};
use super::super::output::Out;
use super::super::{Exit, Failure, quoted, write_case};
use crate::case::Provenance;
use crate::causes::Cause;
use crate::explain::text::thousands;
use crate::oracle::Oracle;
use crate::trail::{Conversion, Trail};
use serde_json::json;
use std::path::Path;

/// Looks for a schedule that says the same as a trail, makes it small, and writes it into a folder.
pub(in crate::commands) fn convert(
    (path, trail): (&Path, &Trail),
    mut oracle: Oracle,
    limit: u64,
    folder: &Path,
    out: &Out,
) -> Result<Exit, Failure> {
    let class = promised(&trail.expected, path)?;
    let Conversion { schedule, defects, executions } = trail.convert(&mut oracle, limit);
    let through: Vec<String> = defects.iter().map(|switch| switch.spelling()).collect();
    let (count, through) = (thousands(executions), through.join(" and "));
    let mut report = json!({
        "trail": path.display().to_string(),
        "class": class.name(),
        "defects": defects.iter().map(|switch| switch.name).collect::<Vec<_>>(),
        "searched": executions,
        "case": null,
    });
    let Some(schedule) = schedule else {
        out.bad(format!(
            "no schedule of {count} that were run shows {class} through {through}: it stays a list of \
             steps, which `replay`, `explain` and `confirm` read"
        ));
        out.json(&report);
        return Ok(Exit::Inconclusive);
    };
    let named = trail.named();
    let rank = oracle.judge(&schedule, named.releases()).rank();
    let rank = rank.ok_or_else(|| Failure::harness("what was converted shows nothing any more"))?;
    let cause = defects.first().copied().map(Cause::Defect);
    let provenance = Provenance {
        tool: Provenance::tool(),
        execution: executions,
        actions_before: schedule.actions.len(),
        ..Provenance::default()
    };
    let shown = Shown { named: &named, rank, cause };
    let case = shrink(&mut oracle, &mut [], shown, &schedule, provenance)?;
    let written = write_case(&case, folder)?;
    let (steps, actions) = (trail.steps.len(), case.schedule.actions.len());
    out.good(format!(
        "{class} through {through} as a schedule: {steps} steps before, {actions} actions after, {count} \
         executions to find one"
    ));
    out.line(format!("case:   {}", written.display()));
    out.line(format!("replay: cargo zab replay {}", quoted(&written)));
    report["case"] = written.display().to_string().into();
    report["actions"] = actions.into();
    out.json(&report);
    Ok(Exit::Clean)
}
