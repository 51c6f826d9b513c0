//! `zab explain`: show a case to a person.

use super::output::Out;
use super::replay::compare;
use super::switches::Switches;
use super::{Exit, Failure, quoted, read_case};
use crate::explain::picture::{self, Shown};
use crate::explain::ticket::{self, Syntax};
use crate::explain::{Story, json, table, text};
use crate::oracle::Oracle;
use std::fs;
use std::path::{Path, PathBuf};

/// Show a case to a person: what happened, or what state the servers were in
///
/// Ends with 5 if the case no longer shows its violation.
///
/// Example: `cargo zab explain findings/zk-3.8.0-O1-0123abcd.json --table`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file that `zab hunt` wrote
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// What happens in this variant instead of the one it was found in
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
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let case = read_case(&args.case)?;
    let mut command = format!("cargo zab explain {}", quoted(&args.case));
    let asked = args.switches.of_or(args.variant.as_deref(), || case.named())?;
    if let Some(named) = &asked {
        command += &format!(" --variant {}", named.name);
    }
    let flags = args.flags();
    out.command(&format!("{command}{flags}"));
    let named = asked.unwrap_or_else(|| case.named());
    let recording = Oracle::new(case.driver).record(&case.schedule, named.releases());
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
    out.json(&report);
    if compare(&case, &named, &recording.outcome) == Exit::NotReproduced {
        let what = format!("this is not what the case promises: {command}{flags}");
        return Err(Failure { exit: Exit::NotReproduced, what });
    }
    Ok(Exit::Clean)
}

impl Args {
    /// Whether the story is printed: unless it goes into files alone.
    const fn prints(&self) -> bool {
        let is_asked = self.text || self.table || self.markdown || self.jira;
        is_asked || self.html.is_none() && self.svg.is_none()
    }

    /// How it is shown, as on the command line.
    fn flags(&self) -> String {
        let files = [("--html", &self.html), ("--svg", &self.svg)];
        let files = files.into_iter().filter_map(|(flag, file)| Some((flag, file.as_ref()?)));
        let mut flags: String =
            files.map(|(flag, file)| format!(" {flag} {}", quoted(file))).collect();
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
            _ => text::render(shown.story),
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
        Ok(())
    }
}

fn write(file: &Path, text: &str, out: &Out) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| {
        Failure::usage(format!("{}: cannot be written: {error}", file.display()))
    })?;
    out.remark(format!("written to {}", file.display()));
    Ok(())
}
