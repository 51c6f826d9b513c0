//! What is to be confirmed: a scenario, or a case that is made into one.

use super::super::explore;
use super::{Args, Failure};
use crate::case::{self, Case, Confirmed, Provenance};
use crate::clock;
use crate::commands::files_of;
use crate::hold::real_limits;
use crate::oracle::{Oracle, Recording};
use crate::real::translate::control::{self, Control};
use crate::real::translate::{self, Inexpressible};
use crate::real::{Java, Scenario};
use crate::trail::Trail;
use crate::variants;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use zab_core::variant::Named;
use zab_sim::{Act, Action, Schedule};

/// The files that are meant: those that are named, and every case of a folder.
pub(super) fn files(args: &Args) -> Result<Vec<PathBuf>, Failure> {
    let mut files = args.scenarios.clone();
    let Some(folder) = &args.all else { return Ok(files) };
    let before = files.len();
    let is_case = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    files.extend(files_of(std::slice::from_ref(folder))?.into_iter().filter(is_case));
    if files.len() == before {
        return Err(Failure::usage(format!("{}: no case there", folder.display())));
    }
    Ok(files)
}

/// The scenario in a file, or what a case is translated into for these servers.
pub(in super::super) fn scenario(path: &Path, java: &Java) -> Result<Scenario, Failure> {
    let subject = Subject::read(path, false, java)?;
    subject.scenario.map_err(|why| {
        Failure::usage(format!("{}: not expressible{why}: choose another case", path.display()))
    })
}

/// A scenario, or why there is none.
pub(super) struct Subject {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) scenario: Result<Scenario, Inexpressible>,
    /// The scenario that was made of a case.
    pub(super) text: Option<String>,
    /// The control of a case: what it lacks, and a scenario of its own.
    control: Option<(String, Scenario)>,
    /// That of the case, if it is one: what came of it is written down there.
    pub(super) schedule: Option<Schedule>,
}

/// What is carried out of a subject.
pub(super) struct Part<'a> {
    pub(super) scenario: &'a Scenario,
    /// The lines of the scenario that are meant: those of its control.
    pub(super) lines_of_control: bool,
    /// The result that is expected: that nothing is lost.
    pub(super) is_control: bool,
    /// What makes it a control.
    pub(super) difference: String,
}

impl Subject {
    /// The story, and the control if it is wanted.
    pub(super) fn parts<'a>(&'a self, scenario: &'a Scenario, control: bool) -> Vec<Part<'a>> {
        let story = Part {
            scenario,
            lines_of_control: false,
            is_control: false,
            difference: String::new(),
        };
        let mut parts = vec![story];
        if !control {
            return parts;
        }
        let difference = scenario.difference();
        if let Some((difference, scenario)) = &self.control {
            let difference = difference.clone();
            parts.push(Part { scenario, lines_of_control: false, is_control: true, difference });
        } else if !difference.is_empty() {
            let verbs: Vec<_> = difference.iter().map(|step| format!("`{}`", step.text)).collect();
            let difference = verbs.join(", ");
            parts.push(Part { scenario, lines_of_control: true, is_control: true, difference });
        }
        parts
    }

    /// Writes down in a case how often this release did the same, beside what it says by now: other commands
    /// may have written into it since it was read.
    pub(super) fn record(&self, release: &str, runs: u32, of: u32) -> Result<(), Failure> {
        let Some(text) = self.text.as_ref().filter(|_| self.schedule.is_some()) else {
            return Ok(());
        };
        let failure =
            |what: &dyn Display| Failure::usage(format!("{}: {what}", self.path.display()));
        let mut case = case::read(&self.path).map_err(|error| failure(&error))?;
        let build = format!("{}+{:08x}", Provenance::tool(), translate::checksum(text));
        let date = clock::today();
        let seen = Confirmed { release: release.to_owned(), runs, of, date, build };
        seen.note(&mut case.confirmed);
        case::write(&case, &self.path)
            .map_err(|error| failure(&format_args!("cannot write: {error}")))
    }

    /// Reads a file; what is wrong with it is the user's to repair.
    pub(super) fn read(path: &Path, control: bool, java: &Java) -> Result<Self, Failure> {
        let failure = |what: &dyn Display| Failure::usage(format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| failure(&error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if text.trim_start().starts_with('{') {
            if let Some(trail) = explore::read(path)? {
                return Self::of_trail(path, name, &trail, java, control);
            }
            let case = case::parse(&text).map_err(|error| failure(&error))?;
            return Self::of_case(path, name, &case, java, control);
        }
        let scenario = Scenario::parse(&text).map_err(|error| failure(&error))?;
        if control && scenario.difference().is_empty() {
            return Err(failure(&"no control: mark what it lacks with -, what it adds with +"));
        }
        let (path, title) = (path.to_owned(), scenario.title.clone());
        Ok(Self {
            path,
            name,
            title,
            scenario: Ok(scenario),
            text: None,
            control: None,
            schedule: None,
        })
    }

    /// Runs a case in the model of the server's release, and tells what happened there as a scenario.
    fn of_case(
        path: &Path,
        name: String,
        case: &Case,
        java: &Java,
        control: bool,
    ) -> Result<Self, Failure> {
        let (_, named) = model_of(path, java)?;
        let mut oracle = Oracle::with(real_limits);
        let recording = oracle.record(&case.schedule, named.releases());
        let title = title_of(&recording, &named);
        let mut text = translate::translate(&recording, &format!("{name}, {title}"));
        let upgrades = |action: &Action| matches!(action.act, Act::Upgrade { .. });
        if !java.has_upgrade()
            && let Some(why) =
                two_releases(case).filter(|_| case.schedule.actions.iter().any(upgrades))
        {
            text = Err(why);
        } else if let Err(why) = &mut text
            && recording.outcome.class()
                != Oracle::default().judge(&case.schedule, named.releases()).class()
        {
            why.what += translate::REAL_LIMITS;
        }
        let scenario = parsed(&text);
        let control = text.as_ref().ok().filter(|_| control);
        let control = control.and_then(|text| control::control(&mut oracle, &recording, text));
        let control = control.and_then(|Control { text, difference }| {
            Some((difference, Scenario::parse(&text).ok()?))
        });
        let (path, text) = (path.to_owned(), text.ok());
        let schedule = Some(case.schedule.clone());
        Ok(Self { path, name, title, scenario, text, control, schedule })
    }

    /// Takes the steps that an exploration found in the model of the server's release, and tells them as
    /// a scenario.
    fn of_trail(
        path: &Path,
        name: String,
        trail: &Trail,
        java: &Java,
        control: bool,
    ) -> Result<Self, Failure> {
        if control {
            let what = "what was explored has no control: leave --control out";
            return Err(Failure::usage(format!("{}: {what}", path.display())));
        }
        let (_, named) = model_of(path, java)?;
        let walked = trail.walk_with(real_limits(trail.servers), &named);
        let title = title_of(&walked.recording, &named);
        let text = match trail.steps.get(walked.taken) {
            None => translate::translate(&walked.recording, &format!("{name}, {title}")),
            Some(step) => Err(Inexpressible {
                at_us: None,
                what: format!(
                    "step {} cannot be taken in {}: {step}",
                    walked.taken + 1,
                    named.name
                ),
            }),
        };
        let (path, scenario) = (path.to_owned(), parsed(&text));
        let text = text.ok();
        Ok(Self { path, name, title, scenario, text, control: None, schedule: None })
    }
}

/// What happened in the model of the server's release.
fn title_of(recording: &Recording, named: &Named) -> String {
    let what = recording.outcome.verdict.violation();
    let what = what.map_or_else(String::new, |what| format!(": {what}"));
    format!("as {} has it{what}", named.name)
}

/// Why a case says nothing of one release alone.
fn two_releases(case: &Case) -> Option<Inexpressible> {
    let (old, new) = case.variant.split_once(':')?;
    let number = |name: &str| name.strip_prefix("zk-").unwrap_or(name).to_owned();
    let what = format!(
        "servers are upgraded from {old} to {new}, and there is nothing to upgrade them to: name both, \
         as in --zookeeper {} --upgrade {}",
        number(old),
        number(new)
    );
    Some(Inexpressible { at_us: None, what })
}

/// The release of the server, or both of an upgrade, and the variant that stands for it.
pub(super) fn model_of(path: &Path, java: &Java) -> Result<(String, Named), Failure> {
    let release = java.releases().ok_or_else(|| {
        let what = "no release in the name of the server's jar: no model to run a case in";
        Failure::harness(format!("{}: {what}", path.display()))
    })?;
    let named = variants::find(&release).map_err(|unknown| {
        Failure::usage(format!("{}: no model of this server: {unknown}", path.display()))
    })?;
    Ok((release, named))
}

/// The scenario that was written.
fn parsed(text: &Result<String, Inexpressible>) -> Result<Scenario, Inexpressible> {
    let text = text.as_ref().map_err(Clone::clone)?;
    Scenario::parse(text).map_err(|error| Inexpressible {
        at_us: None,
        what: format!("the scenario made of it: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_commands_write_into_a_case_stands_there_side_by_side() {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let path = folder.path().join("case.json");
        let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/O2/unflushed-start.json");
        let mut case = case::read(&stored).expect("a stored case");
        case.confirmed.clear();
        case::write(&case, &path).expect("it can be written");
        let text = || "boot\nclaim differ /x\n".to_owned();
        let subject = || Subject {
            path: path.clone(),
            name: String::new(),
            title: String::new(),
            scenario: parsed(&Ok(text())),
            text: Some(text()),
            control: None,
            schedule: Some(case.schedule.clone()),
        };
        let both = [subject(), subject()];
        for (one, release) in both.iter().zip(["3.8.0", "3.9.5"]) {
            assert!(one.record(release, 1, 1).is_ok());
        }
        let confirmed = case::read(&path).expect("it can be read").confirmed;
        let releases: Vec<_> = confirmed.iter().map(|seen| seen.release.as_str()).collect();
        assert_eq!(releases, ["3.8.0", "3.9.5"]);
    }
}
