//! What a whole folder of cases says of one release: which of them it still loses.

use super::beside::{Beside, LEGEND};
use super::lab::Counts;
use super::subject::Subject;
use super::{Exit, Out};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The cases of a folder, by what came of them.
#[derive(Debug)]
pub(super) struct Overview {
    beside: Beside,
    /// How many say something of this release.
    expressible: usize,
    results: Results,
    /// Why others say nothing of it, and how many.
    reasons: BTreeMap<String, usize>,
}

/// Cases that a release does each time, at least once, and never.
#[derive(Debug, Default)]
struct Results {
    confirmed: Vec<String>,
    mixed: Vec<String>,
    refuted: Vec<String>,
}

impl Overview {
    /// These cases, before anything is carried out.
    pub(super) fn of(beside: Beside, subjects: &[Subject]) -> Self {
        let (mut expressible, mut reasons) = (0, BTreeMap::new());
        for subject in subjects {
            match &subject.scenario {
                Ok(_) => expressible += 1,
                Err(why) => *reasons.entry(why.what.clone()).or_default() += 1,
            }
        }
        Self { beside, expressible, results: Results::default(), reasons }
    }

    /// Says how much there is to do.
    pub(super) fn announce(&self, times: u32, out: &Out) {
        let others: usize = self.reasons.values().sum();
        let times = if times == 1 { String::new() } else { format!(", {times} times each") };
        out.line(format!(
            "{} cases to carry out{times}; {others} others are not expressible for this release",
            self.expressible
        ));
    }

    /// The bugs that a case needs in order to lose something.
    pub(super) fn needed_by(&self, subject: &Subject) -> Vec<&'static str> {
        self.beside.needed_by(&subject.path).map(|bug| bug.name).collect()
    }

    /// A case has been carried out: what was counted before, and with it.
    pub(super) fn add(&mut self, subject: &Subject, before: Counts, after: Counts) {
        let path = subject.path.display().to_string();
        let Results { confirmed, mixed, refuted } = &mut self.results;
        match (after.confirmed - before.confirmed, after.refuted - before.refuted) {
            (0, 0) => return,
            (_, 0) => confirmed.push(path),
            (0, _) => refuted.push(path),
            (yes, no) => mixed.push(format!("{path} ({yes} of {})", yes + no)),
        }
        self.beside.add(&subject.path, after.confirmed > before.confirmed);
    }

    /// The answer.
    pub(super) fn tell(&self, out: &Out) {
        let list = |title: String, cases: &[String]| {
            if !cases.is_empty() {
                out.line(title);
                cases.iter().for_each(|case| out.line(format!("  {case}")));
            }
        };
        let Results { confirmed, mixed, refuted } = &self.results;
        let (lost, of) = (confirmed.len() + mixed.len(), self.expressible);
        out.line(format!("{} does what {lost} of {of} cases show", self.beside.release()));
        list("each time:".to_owned(), confirmed);
        list("sometimes:".to_owned(), mixed);
        list("never:".to_owned(), refuted);
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| Reverse(**count));
        for (why, count) in reasons {
            out.remark(format!("{count} not expressible: {why}"));
        }
        out.line(format!("\n{}", self.beside.table()));
        out.remark(LEGEND);
    }

    /// Whether the release loses anything of what the cases lose.
    pub(super) const fn exit(&self) -> Exit {
        self.results.exit()
    }
}

impl Results {
    const fn exit(&self) -> Exit {
        match (self.confirmed.is_empty() && self.mixed.is_empty(), self.refuted.is_empty()) {
            (false, _) => Exit::Violation,
            (true, false) => Exit::NotReproduced,
            (true, true) => Exit::Inconclusive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_guilty_if_one_case_happens_and_in_doubt_if_none_was_carried_out() {
        let some = || vec!["a case".to_owned()];
        let of = |confirmed, mixed, refuted| Results { confirmed, mixed, refuted };
        assert_eq!(of(some(), vec![], some()).exit(), Exit::Violation);
        assert_eq!(of(vec![], some(), vec![]).exit(), Exit::Violation);
        assert_eq!(of(vec![], vec![], some()).exit(), Exit::NotReproduced);
        assert_eq!(of(vec![], vec![], vec![]).exit(), Exit::Inconclusive);
    }
}
