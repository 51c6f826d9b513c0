//! The steps that an exploration found, as a file: the shortest way to break a rule.
//!
//! A schedule says when faults strike and leaves the rest to delays; a trail says what happens next,
//! step by step. JSON with one step a line, to be replayed and explained like any other case.

mod convert;
mod plan;

pub use convert::Conversion;

use crate::case::{self, Case, CaseError, Driver, Expected, Provenance};
use crate::files::write_whole;
use crate::oracle::{Outcome, Recording, standard};
use crate::variants;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zab_core::Config;
use zab_core::variant::Named;
use zab_sim::explore::{Bounds, Choice, Free, Setting};
use zab_sim::{Run, Schedule};

/// The newest format of these files; all older ones are read. Format 2 has `first`, and faults of disks.
pub const FORMAT: u16 = 2;

/// A way to break a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Version of the file format.
    pub format: u16,
    /// The tool that wrote it, with its version.
    pub tool: String,
    /// The name of the variant that it was found in.
    pub variant: String,
    /// How many servers there are.
    pub servers: u8,
    /// Within which bounds it was found.
    pub bounds: Bounds,
    /// Whose turns were chosen.
    pub free: Free,
    /// What taking these steps, and then healing, shows.
    pub expected: Expected,
    /// The schedule that happens first, up to its last action, if the exploration began with one.
    #[serde(default)]
    pub first: Option<Schedule>,
    /// What happens, from there or from the boot on.
    pub steps: Vec<Choice>,
    /// The same for people; nothing reads it.
    pub story: Vec<String>,
}

/// What became of a trail in some variant.
#[derive(Clone, Debug)]
pub struct Walked {
    /// Everything that was observed, for whoever tells it.
    pub recording: Recording,
    /// How many of the steps could be taken.
    pub taken: usize,
}

impl Trail {
    /// The variant that it was found in. Reading a file has checked that there is one.
    pub fn named(&self) -> Named {
        variants::find(&self.variant).expect("a trail with an unknown variant is not read")
    }

    /// Takes the steps in this variant, heals, and judges.
    pub fn walk(&self, named: &Named) -> Walked {
        self.walk_with(Config::new(self.servers), named)
    }

    /// The same with these settings.
    pub fn walk_with(&self, config: Config, named: &Named) -> Walked {
        let mut setting = Setting::with(config, named.releases(), standard(named.releases()));
        setting.free = self.free;
        self.first.iter().for_each(|first| setting.after(first));
        walk(&setting, &self.steps)
    }

    /// What is known of it as a case has it, to be shown like one; it has no schedule of its own.
    pub fn as_case(&self) -> Case {
        Case {
            format: case::FORMAT,
            variant: self.variant.clone(),
            driver: Driver::default(),
            expected: self.expected.clone(),
            defects: Vec::new(),
            shown_in: None,
            confirmed: Vec::new(),
            provenance: Provenance { tool: self.tool.clone(), ..Provenance::default() },
            schedule: schedule(self.first.as_ref(), self.servers),
            story: self.story.clone(),
        }
    }

    /// The name of its file, without the extension.
    fn name(&self) -> String {
        let class = self.expected.class().map_or("valid", zab_checker::Class::name);
        format!("explored-{}-{class}", self.variant)
    }

    /// The trail in a file; `None` if it is some other JSON, for instance a case of a schedule.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Option<Self>, CaseError> {
        let text = fs::read_to_string(path)?;
        let value: serde_json::Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(_) => return Ok(None),
        };
        if value.get("steps").is_none() {
            return Ok(None);
        }
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if let Some(newer) = format.filter(|format| *format > u64::from(FORMAT)) {
            return Err(CaseError::Newer(newer));
        }
        let trail: Self = serde_json::from_str(&text).map_err(|error| CaseError::Json {
            line: error.line(),
            column: error.column(),
            what: error.to_string(),
        })?;
        variants::find(&trail.variant)?;
        Ok(Some(trail))
    }

    /// Writes it into a folder, under its own name, and says where.
    ///
    /// # Errors
    ///
    /// If that cannot be done.
    pub fn write_into(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(format!("{}.json", self.name()));
        write_whole(&path, self.render())?;
        Ok(path)
    }

    /// It as text: a line for each field and for each step.
    fn render(&self) -> String {
        let list = |values: Vec<String>| format!("[\n    {}\n  ]", values.join(",\n    "));
        let fields = [
            ("format", json(&self.format)),
            ("tool", json(&self.tool)),
            ("variant", json(&self.variant)),
            ("servers", json(&self.servers)),
            ("bounds", json(&self.bounds)),
            ("free", json(&self.free)),
            ("expected", json(&self.expected)),
            ("first", json(&self.first)),
            ("steps", list(self.steps.iter().map(json).collect())),
            ("story", list(self.story.iter().map(json).collect())),
        ];
        let lines = fields.map(|(name, value)| format!("  \"{name}\": {value}"));
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("trails have no maps with keys that are no strings")
}

/// What was planned before the first step.
fn schedule(first: Option<&Schedule>, servers: u8) -> Schedule {
    first.cloned().unwrap_or_else(|| Schedule::empty(0, servers))
}

/// Takes these steps, heals, and judges.
pub fn walk(setting: &Setting, steps: &[Choice]) -> Walked {
    let replay = setting.replay(steps);
    let end = replay.events.last().map_or(replay.origin, |event| event.at);
    let end_us = end.since(replay.origin).0;
    let run = Run { steps: replay.taken as u64, end_us, out_of_budget: false };
    let outcome =
        Outcome { verdict: replay.verdict, violations: replay.violations, run, excuse: None };
    let recording = Recording {
        schedule: schedule(setting.first(), setting.servers),
        releases: setting.releases,
        outcome,
        events: replay.events,
        passages: replay.passages,
        boot: replay.boot,
        origin: replay.origin,
    };
    Walked { recording, taken: replay.taken }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Oracle;
    use std::ops::ControlFlow;
    use zab_checker::Class;
    use zab_sim::explore::{End, Limits, search};

    /// What an exploration of the variant finds with one write and one broken connection.
    fn found(variant: &str) -> (Named, Trail) {
        let named = variants::find(variant).expect("it is listed");
        let mut setting = Setting::new(3, named.releases(), standard(named.releases()));
        setting.bounds = Bounds { writes: 1, cuts: 1, ..Bounds::default() };
        let limits = Limits { states: 100_000, worlds: usize::MAX };
        let report = search(&setting, limits, 1, &mut |_| ControlFlow::Continue(()));
        let End::Found(found) = report.expect("it begins at the boot").end else {
            panic!("{variant} breaks a rule within these bounds");
        };
        let walked = walk(&setting, &found.choices);
        let expected = Expected::of(&walked.recording.outcome.verdict).expect("it is decided");
        let trail = Trail {
            format: FORMAT,
            tool: "zab".to_owned(),
            variant: named.name.clone(),
            servers: 3,
            bounds: setting.bounds,
            free: setting.free,
            expected,
            first: None,
            steps: found.choices.clone(),
            story: found.choices.iter().map(Choice::to_string).collect(),
        };
        (named, trail)
    }

    #[test]
    fn what_is_written_is_read_and_shows_the_same() {
        let (named, trail) = found("stale-ack-in-flight");
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let path = trail.write_into(folder.path()).expect("the folder is there");
        let read = Trail::read(&path).expect("it was written").expect("it is a trail");
        assert_eq!(read, trail);
        let walked = read.walk(&named);
        assert_eq!(walked.taken, trail.steps.len());
        assert_eq!(walked.recording.outcome.class(), Some(Class::D1));
        let reference = read.walk(&variants::find("reference").expect("it is listed"));
        assert_eq!(reference.recording.outcome.class(), None, "the repair keeps every rule");
    }

    #[test]
    fn a_schedule_says_the_same_through_the_same_defect() {
        let (named, trail) = found("zookeeper-4394");
        let mut oracle = Oracle::default();
        let Conversion { schedule, defects, executions } = trail.convert(&mut oracle, 2_000);
        let schedule = schedule.expect("a plan of the steps comes to it");
        assert!((1..=2_000).contains(&executions));
        let class = Some(Class::I14);
        assert_eq!(trail.expected.class(), class);
        assert_eq!(oracle.judge(&schedule, named.releases()).class(), class);
        let names: Vec<_> = defects.iter().map(|switch| switch.name).collect();
        assert_eq!(names, ["clears_outstanding"]);
        let repaired = named.releases().repaired(defects[0]);
        assert_ne!(oracle.judge(&schedule, repaired).class(), class);
        let none = trail.convert(&mut oracle, 0);
        assert!(none.schedule.is_none() && none.executions == 0);
    }

    #[test]
    fn other_files_are_none_and_later_ones_are_refused() {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let read = |text: &str| {
            let path = folder.path().join("trail.json");
            fs::write(&path, text).expect("the folder is there");
            Trail::read(&path)
        };
        assert!(matches!(read("{\"format\": 2, \"schedule\": {}}"), Ok(None)));
        assert!(matches!(read("no JSON at all"), Ok(None)));
        let newer = read("{\"format\": 9, \"steps\": []}").expect_err("nobody knows that format");
        assert!(matches!(newer, CaseError::Newer(9)));
        let broken = read("{\"format\": 1, \"steps\": []}").expect_err("fields are missing");
        assert!(broken.to_string().contains("missing field"), "{broken}");
    }
}
