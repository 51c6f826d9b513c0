//! `zab explain`: show a case to a person.

use super::output::Out;
use super::program::spelled;
use super::replay::compare;
use super::switches::Switches;
use super::{Exit, Failure, explore, quoted, read_case};
use crate::case::Case;
use crate::explain::picture::{self, Shown};
use crate::explain::ticket::{self, Syntax};
use crate::explain::{Story, json, junit, table, text};
use crate::oracle::{Oracle, Recording};
use std::fs;
use std::path::{Path, PathBuf};
use zab_core::variant::Named;

/// Show a case to a person: what happened, or what state the servers were in
///
/// Ends with 5 if the case no longer shows its violation.
///
/// Example: `cargo zab explain findings/zk-3.8.0-O1-0123abcd.json --table`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file that `zab hunt` or `zab explore` wrote
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// Show what happens in this variant instead of the one it was found in
    #[arg(long, value_name = "V")]
    variant: Option<String>,
    #[command(flatten)]
    switches: Switches,
    /// The steps that matter, in words (the default)
    #[arg(long, group = "printed")]
    text: bool,
    /// The states of the servers, as tables
    #[arg(long, group = "printed")]
    table: bool,
    /// The text of a bug report, in Markdown
    #[arg(long, group = "printed")]
    markdown: bool,
    /// The text of a bug report, as ZooKeeper's tracker has it
    #[arg(long, group = "printed")]
    jira: bool,
    /// A page with the picture, the words and the tables, into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The picture alone, into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// A JUnit 5 test of the promise that the loss begins with, into this file
    ///
    /// It needs only ZooKeeper's main jar, is in the package org.apache.zookeeper.server.quorum, and is
    /// named after the file. It can show a follower that, after a DIFF, acknowledges NEWLEADER or
    /// writes currentEpoch before what is lost is on its disk; any other case is refused, with the
    /// reason.
    #[arg(long, value_name = "FILE.java")]
    junit: Option<PathBuf>,
}

/// What is to be shown, in this variant.
struct Subject {
    case: Case,
    named: Named,
    /// It is not the variant that it was found in.
    is_asked: bool,
    recording: Recording,
    /// It still shows what the file promises.
    is_kept: bool,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let Subject { case, named, is_asked, recording, is_kept } = args.subject()?;
    let mut command = format!("cargo zab explain {}", quoted(&args.case));
    if is_asked {
        command += &format!(" --variant {}", named.name);
    }
    let flags = args.flags();
    out.command(&format!("{command}{flags}"));
    let story = Story::of(&recording);
    let shown = Shown {
        case: &case,
        variant: &named.name,
        command: &command,
        recording: &recording,
        story: &story,
    };
    args.write(shown, out)?;
    if args.prints() {
        out.line(args.text_of(shown).trim_end());
    }
    let mut report = json::story(&story, recording.origin);
    report["case"] = args.case.display().to_string().into();
    report["shown_in"] = serde_json::json!(case.shown_in);
    report["confirmed"] = serde_json::json!(case.confirmed);
    out.json(&report);
    if !is_kept {
        let what = format!("this is not what the case promises: {command}{flags}");
        return Err(Failure { exit: Exit::NotReproduced, what });
    }
    Ok(Exit::Clean)
}

impl Args {
    /// A case, or what an exploration has found.
    fn subject(&self) -> Result<Subject, Failure> {
        let asked = |own: &dyn Fn() -> Named| self.switches.of_or(self.variant.as_deref(), own);
        if let Some(trail) = explore::read(&self.case)? {
            let asked = asked(&|| trail.named())?;
            let is_asked = asked.is_some();
            let named = asked.unwrap_or_else(|| trail.named());
            let walked = trail.walk(&named);
            let is_kept = explore::compare(&trail, &named, &walked) != Exit::NotReproduced;
            let (case, recording) = (trail.as_case(), walked.recording);
            return Ok(Subject { case, named, is_asked, recording, is_kept });
        }
        let case = read_case(&self.case)?;
        let asked = asked(&|| case.named())?;
        let is_asked = asked.is_some();
        let named = asked.unwrap_or_else(|| case.named());
        let recording = Oracle::new(case.driver).record(&case.schedule, named.releases());
        let is_kept = compare(&case, &named, &recording.outcome) != Exit::NotReproduced;
        Ok(Subject { case, named, is_asked, recording, is_kept })
    }

    /// The files that are asked for, with their flags.
    fn files(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let files = [("--html", &self.html), ("--svg", &self.svg), ("--junit", &self.junit)];
        files.into_iter().filter_map(|(flag, file)| Some((flag, file.as_ref()?)))
    }

    /// Whether the story is printed: unless it goes into files alone.
    fn prints(&self) -> bool {
        let is_asked = self.text || self.table || self.markdown || self.jira;
        is_asked || self.files().next().is_none()
    }

    /// How it is shown, as on the command line.
    fn flags(&self) -> String {
        let mut flags: String =
            self.files().map(|(flag, file)| format!(" {flag} {}", quoted(file))).collect();
        if self.prints() {
            flags += match self {
                Self { table: true, .. } => " --table",
                Self { markdown: true, .. } => " --markdown",
                Self { jira: true, .. } => " --jira",
                _ => " --text",
            };
        }
        flags
    }

    /// What is printed.
    fn text_of(&self, shown: Shown<'_>) -> String {
        match self {
            Self { table: true, .. } => table::render(shown.story),
            Self { markdown: true, .. } => ticket::render(shown, Syntax::Markdown),
            Self { jira: true, .. } => ticket::render(shown, Syntax::Jira),
            _ => text::render(shown.story) + &text::elsewhere(shown.case),
        }
    }

    /// Writes the files that are asked for.
    fn write(&self, shown: Shown<'_>, out: &Out) -> Result<(), Failure> {
        if let Some(file) = &self.html {
            write(file, &picture::page(shown), out)?;
        }
        if let Some(file) = &self.svg {
            write(file, &picture::svg(shown), out)?;
        }
        if let Some(file) = &self.junit {
            write(file, &test_of(file, shown)?, out)?;
        }
        Ok(())
    }
}

/// The test for a file, whose name says what its class is called.
fn test_of(file: &Path, shown: Shown<'_>) -> Result<String, Failure> {
    let is_java = file.extension().is_some_and(|extension| extension == "java");
    let class = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !is_java || !junit::is_class_name(class) {
        let file = file.display();
        return Err(Failure::usage(format!(
            "--junit {file}: a class of Java is called as its file: choose one like LostWriteTest.java"
        )));
    }
    junit::render(shown, class).map_err(|what| Failure {
        exit: Exit::Inconclusive,
        what: format!("no JUnit test: {what}"),
    })
}

fn write(file: &Path, text: &str, out: &Out) -> Result<(), Failure> {
    fs::write(file, &*spelled(text)).map_err(|error| {
        Failure::usage(format!("{}: cannot be written: {error}", file.display()))
    })?;
    out.remark(format!("written to {}", file.display()));
    Ok(())
}
