//! Reports for machines that run tests: JUnit's XML, and a summary in Markdown.
//!
//! The form is the one that Jenkins, GitLab and GitHub's actions read: a `testsuite` with its counts,
//! a `testcase` for each thing that was asked, and `failure` or `skipped` inside. A summary is added to
//! the end of its file, as `GITHUB_STEP_SUMMARY` is meant.

use super::Failure;
use super::program::spelled;
use crate::files::write_whole;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where reports go.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Reports {
    /// Write the results to this file as JUnit XML, for CI
    #[arg(long, value_name = "FILE")]
    junit_xml: Option<PathBuf>,
    /// Append the results to this file as Markdown, as in --summary "$GITHUB_STEP_SUMMARY"
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

/// What was asked together.
#[derive(Clone, Debug, Default)]
pub(super) struct Suite {
    /// What it is called.
    pub(super) name: String,
    /// The command that repeats it.
    pub(super) command: String,
    /// What was asked.
    pub(super) tests: Vec<Test>,
}

/// One thing that was asked.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) name: String,
    pub(super) result: Result<(), Problem>,
}

/// Why it is not as it should be.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// Nothing was decided.
    pub(super) is_open: bool,
    /// In a line.
    pub(super) what: String,
    /// Everything.
    pub(super) details: String,
}

impl Reports {
    /// Makes sure that they can be written, before any work is done for them.
    pub(super) fn ready(&self) -> Result<(), Failure> {
        for path in self.junit_xml.iter().chain(&self.summary) {
            // A file that is there keeps what is in it.
            let is_new = !path.exists();
            let opened = append(path).map(drop);
            opened.map_err(|error| unwritable(path, error))?;
            if is_new {
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// Writes what is wanted.
    pub(super) fn write(&self, suite: &Suite) -> Result<(), Failure> {
        let suite = &Suite { command: spelled(&suite.command).into_owned(), ..suite.clone() };
        if let Some(path) = &self.junit_xml {
            write_whole(path, suite.xml()).map_err(|error| unwritable(path, error))?;
        }
        if let Some(path) = &self.summary {
            let written = append(path).and_then(|mut f| f.write_all(suite.markdown().as_bytes()));
            written.map_err(|error| unwritable(path, error))?;
        }
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::usage(format!("{}: cannot be written: {error}", path.display()))
}

impl Suite {
    fn count(&self, is_open: bool) -> usize {
        let problems = self.tests.iter().filter_map(|test| test.result.as_ref().err());
        problems.filter(|problem| problem.is_open == is_open).count()
    }

    fn xml(&self) -> String {
        let (name, tests) = (escaped(&self.name), self.tests.len());
        let (failures, skipped) = (self.count(false), self.count(true));
        let counts =
            format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"");
        let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        let _ = writeln!(xml, "<testsuites {counts}>\n<testsuite name=\"{name}\" {counts}>");
        let command = escaped(&self.command);
        let _ = writeln!(
            xml,
            "<properties><property name=\"command\" value=\"{command}\"/></properties>"
        );
        for Test { name: test, result } in &self.tests {
            let _ = write!(xml, "<testcase classname=\"{name}\" name=\"{}\"", escaped(test));
            match result {
                Ok(()) => xml += "/>\n",
                Err(Problem { is_open: true, what, .. }) => {
                    let what = escaped(what);
                    let _ = writeln!(xml, "><skipped message=\"{what}\"/></testcase>");
                }
                Err(Problem { what, details, .. }) => {
                    let (what, details) = (escaped(what), escaped(details));
                    let _ = writeln!(
                        xml,
                        "><failure message=\"{what}\" type=\"violation\">{details}</failure></testcase>"
                    );
                }
            }
        }
        xml + "</testsuite>\n</testsuites>\n"
    }

    fn markdown(&self) -> String {
        let (failures, open) = (self.count(false), self.count(true));
        let good = self.tests.len() - failures - open;
        let mut text = format!("## {}\n\n```\n{}\n```\n\n", self.name, self.command);
        let _ = writeln!(text, "{failures} broken, {open} not decided, {good} as they should be\n");
        for Test { name, result } in &self.tests {
            let Err(Problem { what, details, .. }) = result else { continue };
            let fence = fence(details);
            let _ = writeln!(text, "- **{}**: {}\n", markdown(name), markdown(what));
            if !details.is_empty() {
                let indented = details.replace('\n', "\n  ");
                let _ = writeln!(
                    text,
                    "  <details><summary>what happened</summary>\n\n  {fence}\n  {indented}\n  {fence}\n\n  </details>\n"
                );
            }
        }
        text
    }
}

/// A fence that is longer than any inside the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// A text in Markdown, as it is.
fn markdown(text: &str) -> String {
    let special = |c: char| r"\`*_<>[]#|".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A text in XML, as it is; what XML cannot say is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped += "&#10;",
            '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite() -> Suite {
        let problem = |is_open, what: &str, details: &str| {
            Err(Problem { is_open, what: what.to_owned(), details: details.to_owned() })
        };
        let test = |name: &str, result| Test { name: name.to_owned(), result };
        Suite {
            name: "zab replay".to_owned(),
            command: "cargo zab replay 'a \"b\".json'".to_owned(),
            tests: vec![
                test("good", Ok(())),
                test("lost", problem(false, "<2, 1> k0=1 & more", "\u{1b}[1m```\nline\n")),
                test("open", problem(true, "cut short", "")),
            ],
        }
    }

    #[test]
    fn a_parser_of_xml_finds_every_text_again() {
        let xml = suite().xml();
        let document = roxmltree::Document::parse(&xml).expect("XML");
        let named = |name: &str| {
            document.descendants().filter(|n| n.has_tag_name(name)).collect::<Vec<_>>()
        };
        let [suite] = named("testsuite")[..] else { panic!("{xml}") };
        for (attribute, count) in
            [("tests", "3"), ("failures", "1"), ("errors", "0"), ("skipped", "1")]
        {
            assert_eq!(suite.attribute(attribute), Some(count), "{attribute}");
        }
        let names: Vec<_> = named("testcase").iter().filter_map(|n| n.attribute("name")).collect();
        assert_eq!(names, ["good", "lost", "open"]);
        let [failure] = named("failure")[..] else { panic!("{xml}") };
        assert_eq!(failure.attribute("message"), Some("<2, 1> k0=1 & more"));
        assert_eq!(failure.text(), Some("[1m```\nline\n"));
        assert_eq!(
            named("property")[0].attribute("value"),
            Some("cargo zab replay 'a \"b\".json'")
        );
    }

    #[test]
    fn a_summary_tells_what_is_broken_and_nothing_ends_its_block() {
        let text = suite().markdown();
        assert!(text.contains("1 broken, 1 not decided, 1 as they should be"), "{text}");
        assert!(text.contains(r"- **lost**: \<2, 1\> k0=1 & more"), "{text}");
        assert!(text.contains("\n  ````\n"), "{text}");
        assert!(!text.contains("- **good**"), "{text}");
    }
}
