//! What is to be confirmed: a scenario, or a case that is made into one.

use super::{Args, Failure};
use crate::case::{self, Case};
use crate::oracle::Oracle;
use crate::real::translate::control::{self, Control};
use crate::real::translate::{self, Inexpressible};
use crate::real::{Java, Scenario};
use crate::variants;
use std::path::{Path, PathBuf};

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

    /// Reads a file; what is wrong with it is the user's to repair.
    pub(super) fn read(path: &Path, args: &Args, java: &Java) -> Result<Self, Failure> {
        let failure =
            |what: &dyn std::fmt::Display| Failure::usage(format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| failure(&error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if text.trim_start().starts_with('{') {
            let case = case::parse(&text).map_err(|error| failure(&error))?;
            return Self::of_case(path, name, &case, java, args.control);
        }
        let scenario = Scenario::parse(&text).map_err(|error| failure(&error))?;
        if args.control && scenario.difference().is_empty() {
            return Err(failure(&"no control: mark what it lacks with -, what it adds with +"));
        }
        let (path, title) = (path.to_owned(), scenario.title.clone());
        Ok(Self { path, name, title, scenario: Ok(scenario), text: None, control: None })
    }

    /// Runs a case in the model of the server's release, and tells what happened there as a scenario.
    fn of_case(
        path: &Path,
        name: String,
        case: &Case,
        java: &Java,
        control: bool,
    ) -> Result<Self, Failure> {
        let release = java.release().ok_or_else(|| {
            let what = "no release in the name of the server's jar: no model to run a case in";
            Failure::harness(format!("{}: {what}", path.display()))
        })?;
        let named = variants::find(release).map_err(|unknown| {
            Failure::usage(format!("{}: no model of this server: {unknown}", path.display()))
        })?;
        let mut oracle = Oracle::with(translate::real_config);
        let recording = oracle.record(&case.schedule, named.releases());
        let what = recording.outcome.verdict.violation();
        let what = what.map_or_else(String::new, |what| format!(": {what}"));
        let title = format!("{name}, as {} has it{what}", named.name);
        let text = translate::translate(&recording, &title);
        let scenario = text.as_ref().map_err(Clone::clone).and_then(|text| {
            Scenario::parse(text).map_err(|error| Inexpressible {
                at_us: None,
                what: format!("the scenario made of it: {error}"),
            })
        });
        let control = text.as_ref().ok().filter(|_| control);
        let control = control.and_then(|text| control::control(&mut oracle, &recording, text));
        let control = control.and_then(|Control { text, difference }| {
            Some((difference, Scenario::parse(&text).ok()?))
        });
        Ok(Self { path: path.to_owned(), name, title, scenario, text: text.ok(), control })
    }
}
