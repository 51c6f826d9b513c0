//! The known bugs of ZooKeeper's recovery, one by one: what each does, since when, until when.
//!
//! A bug is more than a switch: one switch can have two bugs behind its values, and a bug by itself
//! may need a second switch to show, for the reference is stricter than any release. So each has the
//! smallest variant that shows it, and its repair alone, which leaves everything else as it is.
//! A bug that the model cannot express stands here too, and says why.

mod beyond;
mod fixed;
mod open;

use super::catalogue::{Entry, Harm, Kind};
use super::switches::{SWITCHES, Switch};
use super::versions;
use super::{Variant, issues};
use std::fmt;

/// A known bug.
#[derive(Copy, Clone, Debug)]
pub struct Bug {
    /// The name on the command line and in stored cases.
    pub name: &'static str,
    /// The issues of ZooKeeper that report it.
    pub jira: &'static [u16],
    /// What is wrong, in one line.
    pub cause: &'static str,
    /// What its victims see.
    pub symptom: &'static str,
    /// The releases that have it, as in `3.4.10-14, 3.5.0 to HEAD`.
    pub affects: &'static str,
    /// The first release of each line without it, as in `3.8.5, 3.9.2`; empty if it is open at HEAD.
    pub fixed: &'static str,
    /// How it is known.
    pub source: Source,
    /// What it is known for, and hunted for, by itself; in rarer schedules some do worse.
    pub harm: Harm,
    /// How the model has it.
    pub model: Model,
}

/// How something is known about ZooKeeper.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Seen on a real server.
    Reproduced,
    /// Read in the code, before and after the repair.
    Read,
    /// An issue, a pull request or a paper says so.
    Published,
    /// Deduced from the code; nobody has confirmed it.
    Deduced,
}

/// How the model has a bug.
#[derive(Copy, Clone, Debug)]
pub enum Model {
    /// As switches.
    Switches {
        /// The least that shows it.
        alone: Variant,
        /// Its repair, and no other.
        repair: fn(&mut Variant),
    },
    /// As switches, and what shows another bug shows this one.
    Beside {
        /// The other bug.
        bug: &'static str,
        /// Its repair, and no other.
        repair: fn(&mut Variant),
    },
    /// Not at all.
    Beyond {
        /// Why not.
        why: &'static str,
        /// Where ZooKeeper has it: class and method.
        java: &'static str,
    },
}

/// Every known bug: those repaired in some release, those open at HEAD, those that the model cannot
/// express.
pub fn bugs() -> impl Iterator<Item = &'static Bug> {
    fixed::BUGS.iter().chain(open::BUGS).chain(beyond::BUGS)
}

/// Those that the model has.
pub fn modeled() -> impl Iterator<Item = &'static Bug> {
    bugs().filter(|bug| bug.alone().is_some())
}

impl Bug {
    /// The least variant that shows it, if the model has it.
    pub fn alone(&self) -> Option<Variant> {
        match self.model {
            Model::Switches { alone, .. } => Some(alone),
            Model::Beside { bug, .. } => bugs().find(|other| other.name == bug)?.alone(),
            Model::Beyond { .. } => None,
        }
    }

    /// The variant with this bug repaired.
    #[must_use]
    pub fn repaired(&self, mut variant: Variant) -> Variant {
        match self.model {
            Model::Switches { repair, .. } | Model::Beside { repair, .. } => repair(&mut variant),
            Model::Beyond { .. } => {}
        }
        variant
    }

    /// Whether it shows only where a flush of a file does not make the file's name durable: with ext4, xfs
    /// and btrfs it does.
    pub fn needs_strict_directories(&self) -> bool {
        self.turns_off(|variant| variant.directory_unsynced)
    }

    /// Whether it shows only where sessions begin as local ones (`localSessionsEnabled`), which they do not by
    /// default.
    pub fn needs_local_sessions(&self) -> bool {
        self.turns_off(|variant| variant.passes_unknown_sessions)
    }

    /// Whether this is so in the least variant that shows it, and no more once it is repaired.
    fn turns_off(&self, is_so: impl Fn(Variant) -> bool) -> bool {
        self.alone().is_some_and(|alone| is_so(alone) && !is_so(self.repaired(alone)))
    }

    /// Whether there is something of it in the variant to repair.
    pub fn is_in(&self, variant: Variant) -> bool {
        self.repaired(variant) != variant
    }

    /// The switches that its repair changes in the least variant that shows it.
    pub fn switches(&self) -> Vec<&'static Switch> {
        let Some(alone) = self.alone() else { return Vec::new() };
        let repaired = self.repaired(alone);
        let value = |switch: &Switch, variant| switch.setting(variant).map(|s| s.value);
        SWITCHES.iter().filter(|s| value(s, &alone) != value(s, &repaired)).collect()
    }

    /// Where ZooKeeper has it: class and method.
    pub fn java(&self) -> &'static str {
        match self.model {
            Model::Switches { .. } | Model::Beside { .. } => {
                self.switches().first().map_or("", |switch| switch.java)
            }
            Model::Beyond { java, .. } => java,
        }
    }

    /// Every release that has it, as `3.8.4` or `head`.
    pub fn releases(&self) -> Vec<String> {
        versions::listed(self.affects)
    }

    /// Where it was repaired: `fixed in 3.8.5, 3.9.2`, `open at HEAD`.
    pub fn status(&self) -> String {
        match self.fixed {
            "" => "open at HEAD".to_owned(),
            fixed => format!("fixed in {fixed}"),
        }
    }

    /// The entry under which it can be hunted by itself.
    pub(super) const fn entry(&self, alone: Variant) -> Entry {
        Entry {
            name: self.name,
            aliases: &[],
            kind: Kind::Defect,
            summary: self.cause,
            affects: self.affects,
            jira: self.jira,
            harm: Some(self.harm),
            variant: alone,
        }
    }
}

/// The name, and the issues that report it unless one of them is the name.
impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let others = |number: &&u16| self.name != format!("zookeeper-{number}");
        match &self.jira.iter().filter(others).copied().collect::<Vec<_>>()[..] {
            [] => Ok(()),
            others => write!(f, " ({})", issues(others)),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reproduced => "seen on real servers",
            Self::Read => "read in the code",
            Self::Published => "as published",
            Self::Deduced => "deduced, not confirmed",
        })
    }
}

/// How many bugs have an entry.
pub(super) const ENTRIES: usize = count(fixed::BUGS) + count(open::BUGS);

const fn count(bugs: &[Bug]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < bugs.len() {
        if matches!(bugs[at].model, Model::Switches { .. }) {
            count += 1;
        }
        at += 1;
    }
    count
}

/// The entry of each bug that has one.
pub(super) const fn entries() -> [Entry; ENTRIES] {
    let placeholder = fixed::BUGS[0].entry(Variant::REFERENCE);
    let mut entries = [placeholder; ENTRIES];
    let (mut next, mut list) = (0, 0);
    let lists = [fixed::BUGS, open::BUGS];
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            let bug = &lists[list][at];
            if let Model::Switches { alone, .. } = bug.model {
                entries[next] = bug.entry(alone);
                next += 1;
            }
            at += 1;
        }
        list += 1;
    }
    entries
}

#[cfg(test)]
mod tests;
