//! The server's column beside the model's: which of the known bugs a server still shows.
//!
//! A case is attributed to the bugs without which the model of the server's release breaks no rule in
//! it. A server that does what the case shows has each of them; one that does nothing of what the
//! cases of a bug show has that bug repaired, or another one that each of those cases needs as well.

use super::super::verdict::render::{label, short};
use super::subject::Subject;
use crate::case::Case;
use crate::hold::real_limits;
use crate::oracle::Oracle;
use crate::verdict::{Cell, Row, State, Subject as Column, exposes};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zab_core::variant::{Bug, Named, modeled};

/// A table with a line for each bug of a release.
#[derive(Debug)]
pub(super) struct Beside {
    release: String,
    row: Row,
    /// The bugs that each case needs, of those that can be carried out.
    needs: BTreeMap<PathBuf, Vec<&'static Bug>>,
    /// By bug, how often its cases were carried out, and how often they did what they show.
    seen: BTreeMap<&'static str, Seen>,
}

/// What came of the cases of one bug.
#[derive(Copy, Clone, Debug, Default)]
struct Seen {
    shown: usize,
    of: usize,
}

impl Beside {
    /// What the model of a release says, of all cases and of those that can be carried out.
    pub(super) fn of(
        release: String,
        named: Named,
        cases: &[(PathBuf, Case)],
        subjects: &[Subject],
    ) -> Self {
        let mut oracle = Oracle::with(real_limits);
        let releases = named.releases();
        let needs = subjects.iter().filter_map(|subject| {
            let schedule = subject.schedule.as_ref().filter(|_| subject.scenario.is_ok())?;
            let is_needed = |bug: &&Bug| exposes(&mut oracle, schedule, releases, bug);
            Some((subject.path.clone(), modeled().filter(is_needed).collect()))
        });
        let needs = needs.collect();
        let column = Column { asked: release.clone(), named };
        let row = Row::of(&column, cases, &State::default(), &|_| {});
        Self { release, row, needs, seen: BTreeMap::new() }
    }

    /// The bugs that a case needs in order to lose something.
    pub(super) fn needed_by(&self, path: &Path) -> impl Iterator<Item = &'static Bug> {
        self.needs.get(path).into_iter().flatten().copied()
    }

    /// Which release it is about.
    pub(super) fn release(&self) -> &str {
        &self.release
    }

    /// A case was carried out, and the server did what it shows, or did not.
    pub(super) fn add(&mut self, path: &Path, is_shown: bool) {
        for bug in self.needs.get(path).into_iter().flatten() {
            let seen = self.seen.entry(bug.name).or_default();
            seen.of += 1;
            seen.shown += usize::from(is_shown);
        }
    }

    /// The table, for people.
    pub(super) fn table(&self) -> String {
        let known = self.row.cells.iter().filter(|(_, cell)| !matches!(cell, Cell::Absent));
        let lines: Vec<[String; 3]> =
            std::iter::once([String::new(), "model".to_owned(), self.release.clone()])
                .chain(
                    known.map(|(bug, cell)| [label(bug), short(cell, &self.row), self.server(bug)]),
                )
                .collect();
        let width = |at: usize| lines.iter().map(|line| line[at].len()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        let lines = lines.iter().map(|[bug, model, server]| {
            format!("{bug:first$}  {model:second$}  {server}").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What a server shows of a bug.
    fn server(&self, bug: &Bug) -> String {
        match self.seen.get(bug.name) {
            None => "-".to_owned(),
            Some(Seen { shown: 0, of }) => format!("not shown by {}", cases(*of)),
            Some(Seen { shown, of }) if shown == of => format!("shown by {}", cases(*of)),
            Some(Seen { shown, of }) => format!("shown by {shown} of {}", cases(*of)),
        }
    }
}

/// What the words of the table mean.
pub(super) const LEGEND: &str = "
model      as `cargo zab verdict` has it: the rule that a case breaks, and in how many actions
shown      the server did what cases show that need this bug in the model: it has the bug
not shown  it did nothing of that: it has this bug repaired, or another one that these cases need too
-          no case that needs it can be carried out";

fn cases(count: usize) -> String {
    if count == 1 { "1 case".to_owned() } else { format!("{count} cases") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case;
    use crate::variants;

    const CASE: &str = include_str!("../../../cases/O1/zk-3.8.0--late-apply+shutdown.json");

    /// As after a run of this case and of two others that need one of its bugs each.
    #[test]
    fn a_server_has_a_bug_if_it_does_what_one_of_its_cases_shows() {
        let path = PathBuf::from("late.json");
        let case = case::parse(CASE).expect("a stored case");
        let named = variants::find("3.8.0").expect("a release");
        let mut oracle = Oracle::with(real_limits);
        let is_needed = |bug: &&Bug| exposes(&mut oracle, &case.schedule, named.releases(), bug);
        let needed: Vec<_> = modeled().filter(is_needed).collect();
        assert_eq!(needed.iter().map(|bug| bug.name).collect::<Vec<_>>(), ["late-apply"]);
        let leak = modeled().find(|bug| bug.name == "zookeeper-4712").expect("a bug");
        let bugs = [needed[0], leak];
        let mut beside = Beside::of("3.8.0".to_owned(), named, &[(path.clone(), case)], &[]);
        let line = |beside: &Beside, bug: &str| {
            let table = beside.table();
            let line = table.lines().find(|line| line.starts_with(bug)).expect("a line");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line(&beside, "late-apply"), "late-apply O1 4+ -");
        beside.needs.insert(path.clone(), bugs.to_vec());
        for (other, bug) in [("one", bugs[0]), ("two", bugs[1])] {
            beside.needs.insert(PathBuf::from(other), vec![bug]);
        }
        beside.add(Path::new("one"), false);
        assert_eq!(line(&beside, "late-apply"), "late-apply O1 4+ not shown by 1 case");
        beside.add(&path, true);
        beside.add(Path::new("two"), true);
        assert_eq!(line(&beside, "late-apply"), "late-apply O1 4+ shown by 1 of 2 cases");
        assert_eq!(line(&beside, "zookeeper-4712"), "zookeeper-4712 ? shown by 2 cases");
        assert!(beside.needed_by(Path::new("none")).next().is_none());
    }
}
