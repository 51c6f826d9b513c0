//! What an exploration has found, replayed.

use super::super::output::Out;
use super::super::{Exit, Failure, quoted};
use crate::trail::{Trail, Walked};
use std::path::Path;
use zab_checker::{Class, Verdict};
use zab_core::variant::Named;

/// The trail in a file, if it is one.
pub(in crate::commands) fn read(path: &Path) -> Result<Option<Trail>, Failure> {
    Trail::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// What a trail came to in this variant.
pub(in crate::commands) fn compare(trail: &Trail, named: &Named, walked: &Walked) -> Exit {
    let Walked { recording, taken } = walked;
    let class = recording.outcome.class();
    let is_its_own = named.releases() == trail.named().releases();
    if is_its_own && (class != trail.expected.class() || *taken < trail.steps.len()) {
        Exit::NotReproduced
    } else if matches!(recording.outcome.verdict, Verdict::Unknown(_)) {
        Exit::Inconclusive
    } else if class.is_some() {
        Exit::Violation
    } else {
        Exit::Clean
    }
}

/// Takes the steps of a trail once more.
pub(in crate::commands) fn replay(
    path: &Path,
    trail: &Trail,
    asked: Option<Named>,
    out: &Out,
) -> (Exit, serde_json::Value) {
    let mut command = format!("cargo zab replay {}", quoted(path));
    if let Some(named) = &asked {
        command += &format!(" --variant {}", named.name);
    }
    out.command(&command);
    let named = asked.unwrap_or_else(|| trail.named());
    let walked = trail.walk(&named);
    let exit = compare(trail, &named, &walked);
    let (verdict, steps) = (&walked.recording.outcome.verdict, trail.steps.len());
    let taken = format!("({}, {} of {steps} steps taken)", named.name, walked.taken);
    match verdict {
        Verdict::Valid => out.good(format!("valid {taken}")),
        Verdict::Violation(violation) => {
            let class = violation.class;
            out.bad(format!("violation {class}: {} {taken}", class.meaning()));
            out.remark(violation.detail.to_string());
        }
        Verdict::Unknown(reason) => out.bad(format!("unknown: {reason} {taken}")),
    }
    if exit == Exit::NotReproduced {
        out.bad(format!("not what the file promises; repeat with: {command}"));
    }
    let report = serde_json::json!({
        "case": path.display().to_string(),
        "variant": named.name,
        "class": walked.recording.outcome.class().map(Class::name),
        "steps": steps,
        "taken": walked.taken,
        "reproduced": exit != Exit::NotReproduced,
    });
    (exit, report)
}
