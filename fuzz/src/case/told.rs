//! What executions of a schedule tell of it, and a case repeats for whoever reads it.

use super::{Case, Expected, ShownIn, shown_in};
use crate::explain::Story;
use crate::oracle::Oracle;
use zab_core::variant::Releases;
use zab_sim::Schedule;

/// Everything of a case that can be worked out again from the rest of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What running it shows.
    pub expected: Expected,
    /// In which releases it shows the same; `None` if it shows nothing.
    pub shown_in: Option<ShownIn>,
    /// What happens.
    pub story: Vec<String>,
}

impl Told {
    /// Runs a schedule. `None` if the verdict is no decision.
    pub fn of(
        oracle: &mut Oracle,
        schedule: &Schedule,
        releases: impl Into<Releases>,
    ) -> Option<Self> {
        let recording = oracle.record(schedule, releases);
        let expected = Expected::of(&recording.outcome.verdict)?;
        let shown_in = expected.class().map(|class| shown_in(oracle, schedule, class));
        Some(Self { expected, shown_in, story: Story::of(&recording).lines().collect() })
    }
}

impl Case {
    /// The same case as this build tells it, in the newest format. One that breaks no rule keeps its
    /// story, in which somebody says what it is kept for. `None` if it shows something else now.
    #[must_use]
    pub fn retold(&self, oracle: &mut Oracle) -> Option<Self> {
        let told = Told::of(oracle, &self.schedule, self.named().releases())?;
        if told.expected.class() != self.expected.class() {
            return None;
        }
        let Told { expected, shown_in, story } = told;
        let story = if expected == Expected::Valid { self.story.clone() } else { story };
        Some(Self { format: super::FORMAT, expected, shown_in, story, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_told_again_from_its_schedule() {
        let text = include_str!("../../cases/O2/zookeeper-4646.json");
        let case = crate::case::parse(text).expect("a stored case");
        let forgotten = Case { format: 1, shown_in: None, story: Vec::new(), ..case.clone() };
        let mut oracle = Oracle::default();
        assert_eq!(forgotten.retold(&mut oracle), Some(case.clone()));
        let elsewhere = Case { variant: "reference".to_owned(), ..case };
        assert_eq!(elsewhere.retold(&mut oracle), None, "it is not lost there");
    }

    #[test]
    fn what_a_valid_case_is_kept_for_stays_in_it() {
        let mut case = crate::case::parse(include_str!("../../cases/O2/zookeeper-4646.json"))
            .expect("a stored case");
        case.variant = "reference".to_owned();
        case.expected = Expected::Valid;
        case.story = vec!["Once it was lost.".to_owned()];
        let retold = case.retold(&mut Oracle::default()).expect("it still breaks nothing");
        assert_eq!((retold.story, retold.shown_in), (case.story, None));
    }
}
