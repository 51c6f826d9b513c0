//! Cases as files: written one action a line, read with an eye on everything that can be wrong.

use super::{Case, FORMAT};
use crate::files::write_whole;
use crate::variants::UnknownVariant;
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zab_checker::Class;
use zab_sim::{Action, Schedule};

/// Why a file is no case: what, where, and what to do about it, in one line.
#[derive(Debug, Error)]
pub enum CaseError {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is not JSON, or lacks a field.
    #[error("line {line}, column {column}: {what}; compare with a case that `zab hunt` wrote")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        what: String,
    },
    /// JSON, but nothing that says which format.
    #[error("has no number `format` at the top: this is not a case that `zab hunt` wrote")]
    NotACase,
    /// Written by a later build.
    #[error("format {0} is newer than this build understands ({FORMAT}): update zab")]
    Newer(u64),
    /// A variant that does not exist.
    #[error(transparent)]
    Variant(#[from] UnknownVariant),
    /// A class that does not exist.
    #[error("there is no class `{0}`: {names}", names = Class::NAMES)]
    Class(String),
    /// A release that does not exist.
    #[error("`shown_in` has no release `{0}`; `cargo zab variants` lists them")]
    Release(String),
}

/// The case in a file.
pub fn read(path: &Path) -> Result<Case, CaseError> {
    parse(&fs::read_to_string(path)?)
}

/// The case in a text.
pub fn parse(text: &str) -> Result<Case, CaseError> {
    // Before anything else, so that a newer format is told from a broken one.
    let value: Value = serde_json::from_str(text).map_err(json_error)?;
    let format = value.get("format").and_then(Value::as_u64).ok_or(CaseError::NotACase)?;
    if format > u64::from(FORMAT) {
        return Err(CaseError::Newer(format));
    }
    let mut case: Case = serde_json::from_str(text).map_err(json_error)?;
    if let Some(problem) = case.problem() {
        return Err(problem);
    }
    // However it is spelled there.
    case.variant = case.named().name;
    Ok(case)
}

fn json_error(error: serde_json::Error) -> CaseError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    CaseError::Json { line, column, what: text.replace(&place, "") }
}

/// Writes a case to a file: all of it, or nothing.
pub fn write(case: &Case, path: &Path) -> io::Result<()> {
    write_whole(path, render(case))
}

/// Writes a case into a folder under its own name; where another case has that name already, followed
/// by a number. Says where.
pub fn write_into(case: &Case, folder: &Path) -> io::Result<PathBuf> {
    let name = case.name();
    let names = std::iter::once(format!("{name}.json"))
        .chain((2..).map(|number| format!("{name}-{number}.json")));
    for name in names {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(text) if text != render(case).as_bytes() => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {
                write(case, &path)?;
                return Ok(path);
            }
        }
    }
    unreachable!("there is always another number")
}

/// A case as text: a line for each field, for each action, for each sentence of the story.
pub fn render(case: &Case) -> String {
    let schedule = &case.schedule;
    let fields = [
        field(2, "format", &case.format),
        field(2, "variant", &case.variant),
        field(2, "driver", &case.driver),
        field(2, "expected", &case.expected),
        field(2, "shown_in", &case.shown_in),
        field(2, "defects", &case.defects),
        field(2, "confirmed", &case.confirmed),
        field(2, "provenance", &case.provenance),
        format!("  \"schedule\": {{\n{}\n  }}", schedule_fields(schedule).join(",\n")),
        list(2, "story", case.story.iter().map(json)),
    ];
    format!("{{\n{}\n}}\n", fields.join(",\n"))
}

/// What is so by default is left out.
fn schedule_fields(schedule: &Schedule) -> Vec<String> {
    let Schedule { version, seed, servers, directories, actions } = schedule;
    let mut fields =
        vec![field(4, "version", version), field(4, "seed", seed), field(4, "servers", servers)];
    if !directories.are_lenient() {
        fields.push(field(4, "directories", directories));
    }
    fields.push(list(4, "actions", actions.iter().map(Action::to_json)));
    fields
}

fn field(indent: usize, name: &str, value: &impl Serialize) -> String {
    format!("{:indent$}\"{name}\": {}", "", json(value))
}

fn list(indent: usize, name: &str, values: impl Iterator<Item = String>) -> String {
    let deeper = indent + 2;
    let lines: Vec<String> = values.map(|value| format!("\n{:deeper$}{value}", "")).collect();
    let end = if lines.is_empty() { String::new() } else { format!("\n{:indent$}", "") };
    format!("{:indent$}\"{name}\": [{}{end}]", "", lines.join(","))
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("cases have no maps with keys that are no strings")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
