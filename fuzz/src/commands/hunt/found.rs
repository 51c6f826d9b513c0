//! What is told of a finding.

use super::Settled;
use crate::case::Case;
use crate::commands::output::Out;
use crate::commands::quoted;
use crate::explain::{Story, boxed, table, text};
use crate::oracle::Oracle;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zab_checker::Class;
use zab_core::variant::{Named, Switch};

/// Shows a finding.
pub(super) fn tell(out: &Out, oracle: &mut Oracle, settled: &Settled<'_>, path: &Path) {
    let Settled { finding, case, .. } = settled;
    let Some(class) = case.expected.class() else {
        return;
    };
    let (before, after) = (finding.schedule.actions.len(), case.schedule.actions.len());
    out.bad(format!("found {class} in {}: {}", case.variant, class.meaning()));
    out.remark(format!(
        "execution {} of thread {}; minimized from {before} actions to {after} in {} executions",
        finding.execution,
        finding.island + 1,
        case.provenance.minimizing
    ));
    out.remark(format!("needs: {}", needed(case)));
    if let Some(needed) = case.schedule.needed() {
        out.line(format!("needs: {needed}"));
    }
    let named = case.named();
    if named.releases().has_upgrade() {
        out.remark(format!("alone: {}", each_alone(oracle, case)));
    }
    let story = Story::of(&oracle.record(&case.schedule, named.releases()));
    out.remark(format!("\n{}", text::steps(&story)));
    out.remark(table::render_tables(&story).trim_end());
    out.line(format!("\n{}", boxed::render(&story)));
    let path_quoted = quoted(path);
    out.line(format!("case:    {}", path.display()));
    out.line(format!("explain: cargo zab explain {path_quoted} --table"));
    out.line(format!("compare: cargo zab replay {path_quoted} --variant reference"));
    let note = case.schedule.needed();
    let note = note.map_or(String::new(), |needed| format!("  # needs {needed}"));
    out.line(format!("replay:  cargo zab replay {path_quoted}{note}"));
}

/// The defects that a case needs, with the issues that report them; with an upgrade, which release
/// has each, unless both have it.
fn needed(case: &Case) -> String {
    let named = case.named();
    let variants = named.variants();
    let is_needed = |switch: &&Switch| case.defects.iter().any(|defect| defect == switch.name);
    let with_its_side = |switch: &'static Switch| {
        let has = |named: &&Named| named.releases().have(switch);
        match &variants.iter().filter(has).collect::<Vec<_>>()[..] {
            [only] if variants.len() > 1 => format!("{switch} of {}", only.name),
            _ => switch.to_string(),
        }
    };
    named.switches().filter(is_needed).map(with_its_side).collect::<Vec<_>>().join(", ")
}

/// What the schedule shows where every server runs one of the releases, whatever happens.
fn each_alone(oracle: &mut Oracle, case: &Case) -> String {
    let shown = case.named().variants().into_iter().map(|named| {
        let class = oracle.judge(&case.schedule, named.releases()).class();
        format!("{} in {}", class.map_or("nothing", Class::name), named.name)
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// What was found in a campaign that went on, a line each.
pub(super) fn ways(cases: &[(PathBuf, Settled<'_>)]) -> String {
    let mut table = format!("{:>12}  class and defects that suffice for it", "executions");
    for (path, Settled { case, seen, .. }) in cases {
        let class = case.expected.class().map_or("", Class::name);
        let needed = needed(case);
        table += &format!("\n{seen:>12}  {class}  {needed}");
        table += &format!("\n{:>12}      {}", "", path.display());
    }
    table
}

pub(super) fn case_json(path: &Path, settled: &Settled<'_>) -> Value {
    let Settled { case, seen, .. } = settled;
    json!({
        "case": path.display().to_string(),
        "class": case.expected.class().map(Class::name),
        "client_visible": case.expected.is_client_visible(),
        "expected": case.expected,
        "defects": case.defects,
        "needs": case.schedule.needed(),
        "seen": seen,
        "actions": case.schedule.actions.len(),
        "actions_before": case.provenance.actions_before,
        "execution": case.provenance.execution,
        "minimizing": case.provenance.minimizing,
        "story": case.story,
        "replay": format!("cargo zab replay {}", quoted(path)),
    })
}
