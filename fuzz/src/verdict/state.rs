//! What was searched so far and not found, so that a later run continues where this one stopped.
//!
//! A folder with the cases that searches found, and a file with the rest. Executions count for the
//! build that made them and no other: where the build is another one, they are forgotten. Cases are
//! replayed, so they count only if they still show what they showed.

use super::{Effort, medians};
use crate::files::{build, write_whole};
use crate::situations::Census;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};
use zab_core::variant::Bug;

/// The file, beside the cases.
pub const FILE: &str = "state.json";

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Which build searched.
    build: String,
    /// By variant, then by bug.
    searched: BTreeMap<String, BTreeMap<String, Searched>>,
    #[serde(skip)]
    medians: medians::Medians,
}

/// What was searched for one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Searched {
    campaigns: u64,
    executions: u64,
    /// Executions that came to each situation, by its name.
    situations: BTreeMap<String, u64>,
}

/// How the state of an earlier run was taken.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// There is none.
    None,
    /// It counts.
    Kept,
    /// It is of another build.
    Forgotten,
}

impl State {
    /// What is remembered in this folder.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, in one line.
    pub fn read(folder: &Path) -> Result<(Self, Memory), String> {
        let build = build().map_err(|error| format!("this program cannot be read: {error}"))?;
        let fresh = |build| Self { build, medians: medians::stored(), searched: BTreeMap::new() };
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((fresh(build), Memory::None));
            }
            text => text.map_err(|error| format!("{}: cannot be read: {error}", path.display()))?,
        };
        let state: Self = serde_json::from_str(&text).map_err(|error| {
            format!("{}: {error}: remove it, and searches begin again", path.display())
        })?;
        if state.build != build {
            return Ok((fresh(build), Memory::Forgotten));
        }
        Ok((Self { medians: medians::stored(), ..state }, Memory::Kept))
    }

    /// Writes it into this folder: all of it, or nothing.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).expect("keys are strings");
        write_whole(&folder.join(FILE), text + "\n")
    }

    /// What was done for this cell.
    pub fn effort(&self, variant: &str, bug: &Bug) -> Effort {
        let median = medians::of(&self.medians, bug).and_then(|measured| measured.median);
        let searched = self.searched.get(variant).and_then(|bugs| bugs.get(bug.name));
        searched.map_or(Effort { median, ..Effort::default() }, |searched| Effort {
            campaigns: searched.campaigns,
            executions: searched.executions,
            census: Census::named(&searched.situations),
            median,
        })
    }

    /// From now on this was done for this cell.
    pub fn remember(&mut self, variant: &str, bug: &Bug, effort: &Effort) {
        let mut situations = effort.census.by_name();
        situations.retain(|_, count| *count > 0);
        let Effort { campaigns, executions, .. } = *effort;
        let searched = Searched { campaigns, executions, situations };
        let bugs = self.searched.entry(variant.to_owned()).or_default();
        bugs.insert(bug.name.to_owned(), searched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_core::variant::modeled;

    #[test]
    fn what_was_searched_is_remembered_by_the_same_build_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bug = modeled().next().expect("there is one");
        let (mut state, memory) = State::read(folder.path()).expect("there is nothing to read");
        assert_eq!((memory, state.effort("zk-3.9.5", bug).executions), (Memory::None, 0));
        let census = Census::of_counts(|situation| situation as u64);
        let effort = Effort { campaigns: 2, executions: 40_000, census, median: None };
        state.remember("zk-3.9.5", bug, &effort);
        state.write(folder.path()).expect("it can be written");

        let (again, memory) = State::read(folder.path()).expect("it was written");
        assert_eq!(memory, Memory::Kept);
        let known = again.effort("zk-3.9.5", bug);
        assert_eq!((known.campaigns, known.executions, known.census), (2, 40_000, census));
        assert_eq!(again.effort("zk-3.9.3", bug).executions, 0);

        let other = State { build: "another".to_owned(), ..state };
        other.write(folder.path()).expect("it can be written");
        let (fresh, memory) = State::read(folder.path()).expect("it was written");
        assert_eq!(memory, Memory::Forgotten);
        assert_eq!(fresh.effort("zk-3.9.5", bug).executions, 0);

        fs::write(folder.path().join(FILE), "{").expect("it can be written");
        let error = State::read(folder.path()).expect_err("it is no state");
        assert!(error.contains("remove it") && error.lines().count() == 1, "{error}");
    }
}
