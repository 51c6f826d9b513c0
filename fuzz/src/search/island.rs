//! One thread of a campaign: proposes schedules, runs them, learns from what they reached.

use super::Campaign;
use super::corpus::{Corpus, Entry};
use crate::anatomy::Kind;
use crate::causes::needs;
use crate::coverage::{Coverage, Feature};
use crate::generate;
use crate::mutate::mutate;
use crate::oracle::{Oracle, Outcome};
use crate::rng::Rng;
use zab_checker::Class;
use zab_core::Variant;
use zab_sim::Schedule;

/// Executions after which an island forgets its corpus and starts anew, the first time; each later
/// time it takes twice as long. A greedy search that has taken a wrong turn stays lost, and most
/// findings come early or never.
const PATIENCE: u64 = 30_000;

/// A thread's own search.
pub(super) struct Island {
    variant: Variant,
    servers: u8,
    without: Vec<Kind>,
    rng: Rng,
    oracle: Oracle,
    /// In another driver.
    other: Option<Oracle>,
    coverage: Coverage,
    corpus: Corpus,
    /// Executions since the corpus was empty, and how many it may become.
    age: u64,
    patience: u64,
    new_states: Vec<Feature>,
}

impl Island {
    pub(super) fn new(campaign: &Campaign, number: usize) -> Self {
        Self {
            variant: campaign.variant,
            servers: campaign.servers,
            without: campaign.without.clone(),
            rng: Rng::of(campaign.seed, number as u64),
            oracle: Oracle::new(campaign.driver),
            other: campaign.hold_in.map(Oracle::new),
            coverage: Coverage::default(),
            corpus: Corpus::default(),
            age: 0,
            patience: PATIENCE,
            new_states: Vec::new(),
        }
    }

    /// The next schedule to run, without the kinds of fault that shall not happen.
    pub(super) fn propose(&mut self) -> Schedule {
        let mut schedule = self.propose_any();
        schedule.actions.retain(|action| !self.without.contains(&Kind::of(&action.act)));
        schedule
    }

    /// Mostly a mutant of a rare one, sometimes a fresh one.
    fn propose_any(&mut self) -> Schedule {
        if self.corpus.is_empty() || self.rng.one_in(5) {
            return generate::schedule(&mut self.rng, self.servers);
        }
        let (parent, donor) = self.corpus.choose(&mut self.rng);
        mutate(&mut self.rng, &parent.schedule, parent.moment_us, donor)
    }

    /// Whether a schedule that breaks this class is a finding.
    pub(super) fn wants(&mut self, campaign: &Campaign, schedule: &Schedule, class: Class) -> bool {
        let variant = self.variant;
        let is_cause = |oracle: &mut Oracle, cause| needs(oracle, schedule, variant, class, cause);
        let holds = |oracle: &mut Oracle| {
            oracle.judge(schedule, variant).class() == Some(class)
                && campaign.cause.is_none_or(|cause| is_cause(oracle, cause))
        };
        campaign.wanted.wants(class)
            && campaign.cause.is_none_or(|cause| is_cause(&mut self.oracle, cause))
            && self.other.as_mut().is_none_or(holds)
    }

    /// Runs a schedule, and keeps it if it reached something new.
    pub(super) fn execute(&mut self, schedule: &Schedule) -> Outcome {
        let outcome = self.oracle.cover(schedule, self.variant, &mut self.coverage);
        let news = self.corpus.count(self.coverage.features());
        // Where something is lost already there is nothing left to come near to. A campaign that
        // goes on looks for another way.
        let is_lost = outcome.class().is_some_and(Class::is_loss);
        if let Some(first) = news.first()
            && !is_lost
        {
            let origin = self.oracle.origin(schedule.servers, self.variant);
            let moment_us = self.coverage.moment_of(*first).0.saturating_sub(origin.0);
            let entry = Entry::new(schedule, &news, self.coverage.danger(), moment_us);
            self.corpus.keep(entry, &mut self.rng);
        }
        self.new_states.extend(news.iter().filter(|feature| Coverage::is_state(**feature)));
        self.age += 1;
        if self.age >= self.patience {
            self.corpus = Corpus::default();
            self.age = 0;
            self.patience *= 2;
        }
        outcome
    }

    /// The states reached for the first time since this was asked last.
    pub(super) fn take_new_states(&mut self) -> Vec<Feature> {
        std::mem::take(&mut self.new_states)
    }
}
