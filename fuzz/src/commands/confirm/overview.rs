//! What a whole folder of cases says of one release: which of them it still loses.

use super::lab::Counts;
use super::subject::Subject;
use super::{Exit, Out};
use crate::real::Java;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The cases of a folder, by what came of them.
#[derive(Debug, Default)]
pub(super) struct Overview {
    /// How many say something of this release.
    expressible: usize,
    /// Each time, at least once, and never.
    confirmed: Vec<String>,
    mixed: Vec<String>,
    refuted: Vec<String>,
    /// Why others say nothing of it, and how many.
    reasons: BTreeMap<String, usize>,
}

impl Overview {
    /// These cases, before anything is carried out.
    pub(super) fn of(subjects: &[Subject]) -> Self {
        let mut overview = Self::default();
        for subject in subjects {
            match &subject.scenario {
                Ok(_) => overview.expressible += 1,
                Err(why) => *overview.reasons.entry(why.what.clone()).or_default() += 1,
            }
        }
        overview
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

    /// A case has been carried out: what was counted before, and with it.
    pub(super) fn add(&mut self, subject: &Subject, before: Counts, after: Counts) {
        let path = subject.path.display().to_string();
        match (after.confirmed - before.confirmed, after.refuted - before.refuted) {
            (0, 0) => {}
            (_, 0) => self.confirmed.push(path),
            (0, _) => self.refuted.push(path),
            (yes, no) => self.mixed.push(format!("{path} ({yes} of {})", yes + no)),
        }
    }

    /// The answer.
    pub(super) fn tell(&self, java: &Java, out: &Out) {
        let release = java.releases().unwrap_or_else(|| "this server".to_owned());
        let list = |title: String, cases: &[String]| {
            if !cases.is_empty() {
                out.line(title);
                cases.iter().for_each(|case| out.line(format!("  {case}")));
            }
        };
        let (lost, of) = (self.confirmed.len() + self.mixed.len(), self.expressible);
        out.line(format!("{release} does what {lost} of {of} cases show"));
        list("each time:".to_owned(), &self.confirmed);
        list("sometimes:".to_owned(), &self.mixed);
        list("never:".to_owned(), &self.refuted);
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| Reverse(**count));
        for (why, count) in reasons {
            out.remark(format!("{count} not expressible: {why}"));
        }
    }

    /// Whether the release loses anything of what the cases lose.
    pub(super) const fn exit(&self) -> Exit {
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
        let of = |confirmed, mixed, refuted| Overview {
            confirmed,
            mixed,
            refuted,
            ..Overview::default()
        };
        assert_eq!(of(some(), vec![], some()).exit(), Exit::Violation);
        assert_eq!(of(vec![], some(), vec![]).exit(), Exit::Violation);
        assert_eq!(of(vec![], vec![], some()).exit(), Exit::NotReproduced);
        assert_eq!(of(vec![], vec![], vec![]).exit(), Exit::Inconclusive);
    }
}
