//! One thread of a search: proposes schedules, runs them, learns from what they reached.

use super::corpus::{Corpus, DANGER_MAX, Entry};
use super::{Campaign, Folder, Wanted};
use crate::case::Driver;
use crate::causes::{Cause, alone, causes, needs};
use crate::coverage::{Coverage, Feature};
use crate::edges;
use crate::generate::{self, Sizes};
use crate::guidance::Guidance;
use crate::mutate::mutate;
use crate::oracle::{Oracle, Outcome};
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use zab_checker::Class;
use zab_core::variant::{Releases, Switch};
use zab_sim::Schedule;
use zab_sim::schedule::{Directories, Kind, Workload};

/// Executions after which an island forgets its corpus and starts over, the first time; each later
/// time it takes twice as long. A greedy search that has taken a wrong turn stays lost, and most
/// findings come early or never.
const PATIENCE: u64 = 30_000;

/// With how many fresh schedules each corpus begins.
const LOOKING_ABOUT: u64 = 300;

/// With how many schedules of other searches a search begins, and begins again.
const BORROWED: usize = 300;

/// How many schedules of each size a search leaves for others each time, at most.
const LEFT: usize = 32;

/// A search by itself: a stream of chance, corpora, and atlases of what was reached.
#[derive(Debug)]
pub struct Island {
    releases: Releases,
    sizes: Sizes,
    without: Vec<Kind>,
    directories: Directories,
    workload: Workload,
    guidance: Guidance,
    rng: Rng,
    oracle: Oracle,
    /// In other worlds.
    others: Vec<Oracle>,
    /// What every finding has to need, if it is asked for.
    cause: Option<Cause>,
    /// What is looked for is what a lock, or a session, promises.
    seeks_locks: bool,
    /// Sets of defects of which it is known that they lose something.
    known: Vec<Vec<&'static Switch>>,
    coverage: Coverage,
    /// What the last execution reached, as the guidance has it.
    features: Vec<Feature>,
    /// A corpus for each size of ensemble: what is new in a large one is no news in a small one,
    /// and there is far more of it.
    corpora: BTreeMap<u8, Corpus>,
    /// Executions since the corpora were empty, and how many it may become.
    age: u64,
    patience: u64,
    new_states: Vec<Feature>,
    folder: Option<Arc<Folder>>,
    /// Schedules of other searches, to be run next.
    borrowed: Vec<Schedule>,
}

impl Island {
    /// A search in this variant that knows nothing yet, for ensembles of these sizes.
    pub fn new(driver: Driver, releases: Releases, sizes: Sizes, rng: Rng) -> Self {
        Self {
            releases,
            sizes,
            without: Vec::new(),
            directories: Directories::default(),
            workload: Workload::default(),
            guidance: Guidance::default(),
            rng,
            oracle: Oracle::new(driver),
            others: Vec::new(),
            cause: None,
            seeks_locks: false,
            known: Vec::new(),
            coverage: Coverage::default(),
            features: Vec::new(),
            corpora: BTreeMap::new(),
            age: 0,
            patience: PATIENCE,
            new_states: Vec::new(),
            folder: None,
            borrowed: Vec::new(),
        }
    }

    /// One thread of a campaign.
    pub fn of(campaign: &Campaign, number: usize) -> Self {
        let rng = Rng::of(campaign.seed, number as u64);
        Self::new(campaign.driver, campaign.releases, campaign.sizes, rng)
            .without(&campaign.without)
            .in_directories(campaign.directories)
            .with_workload(campaign.workload)
            .guided_by(campaign.guidance)
            .hold_in(campaign.others())
            .because_of(campaign.cause)
            .seeking(campaign.wanted)
            .sharing(campaign.folder.clone())
    }

    /// The same without faults of these kinds.
    fn without(mut self, kinds: &[Kind]) -> Self {
        self.without = kinds.to_vec();
        self
    }

    /// The same where a flush of a file does this for its name.
    #[must_use]
    pub const fn in_directories(mut self, directories: Directories) -> Self {
        self.directories = directories;
        self
    }

    /// The same where clients do this.
    #[must_use]
    pub const fn with_workload(mut self, workload: Workload) -> Self {
        self.workload = workload;
        self
    }

    /// The same, but only what these show as well is a finding.
    fn hold_in(mut self, others: Vec<Oracle>) -> Self {
        self.others = others;
        self
    }

    /// The same, but only what needs this is a finding.
    const fn because_of(mut self, cause: Option<Cause>) -> Self {
        self.cause = cause;
        self
    }

    /// The same, where these classes are looked for.
    fn seeking(mut self, wanted: Wanted) -> Self {
        self.seeks_locks = wanted.is_about_locks();
        self
    }

    /// The same, beginning with what other searches have left in a folder.
    fn sharing(mut self, folder: Option<Arc<Folder>>) -> Self {
        self.folder = folder;
        self.borrow();
        self
    }

    /// The same, learning from something else.
    const fn guided_by(mut self, guidance: Guidance) -> Self {
        self.guidance = guidance;
        self
    }

    /// The next schedule to run, without the kinds of fault that shall not happen.
    pub fn propose(&mut self) -> Schedule {
        let mut schedule = self.propose_any();
        if !self.releases.has_upgrade() {
            schedule
                .actions
                .iter_mut()
                .for_each(|action| action.act = action.act.within_one_release());
        }
        schedule.directories = self.directories;
        schedule.workload = self.workload;
        schedule.actions.retain(|action| !self.without.contains(&Kind::of(&action.act)));
        schedule
    }

    /// At first what others have left, then mostly a mutant of a rare one, sometimes a fresh one.
    fn propose_any(&mut self) -> Schedule {
        if let Some(schedule) = self.borrowed.pop() {
            return schedule;
        }
        let Self { rng, sizes, corpora, guidance, age, workload, .. } = self;
        let servers = sizes.draw(rng);
        let is_blind = *guidance == Guidance::Random;
        // What is easy is found by looking about, and a corpus of a few is a poor start.
        let fresh_in = if *age < LOOKING_ABOUT { 1 } else { 5 };
        let corpus = corpora.entry(servers).or_default();
        if is_blind || corpus.is_empty() || rng.one_in(fresh_in) {
            return generate::for_workload(rng, servers, *workload);
        }
        let (parent, donor) = corpus.choose(rng);
        mutate(rng, &parent.schedule, parent.moment_us, donor)
    }

    /// From now on chance is another.
    pub fn reseed(&mut self, rng: Rng) {
        self.rng = rng;
    }

    /// What the last execution went through.
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Whether this class is broken in the other worlds as well, if there is one, and would not be
    /// if this defect were repaired.
    pub(super) fn holds(&mut self, schedule: &Schedule, class: Class) -> bool {
        let Self { releases, cause, .. } = *self;
        let is_cause = |oracle: &mut Oracle| {
            cause.is_none_or(|cause| needs(oracle, schedule, releases, class, cause))
        };
        is_cause(&mut self.oracle)
            && self.others.iter_mut().all(|other| {
                other.judge(schedule, releases).class() == Some(class) && is_cause(other)
            })
    }

    /// Runs a schedule, and keeps it if it reached something new.
    pub fn execute(&mut self, schedule: &Schedule) -> Outcome {
        edges::reset();
        let outcome = self.oracle.cover(schedule, self.releases, &mut self.coverage);
        self.features.clear();
        if self.guidance.has_edges() {
            edges::collect(&mut self.features);
        }
        if self.guidance.has_states() {
            self.features.extend_from_slice(self.coverage.features());
        }
        let news = self.corpora.entry(schedule.servers).or_default().count(&self.features);
        // Where something is lost already there is nothing left to come near to. A campaign that does
        // not stop there looks for another way.
        let is_lost = outcome.class().is_some_and(Class::is_loss);
        if let Some(first) = news.first()
            && !is_lost
        {
            let entry = self.entry(schedule, &outcome, &news, *first);
            let corpus = self.corpora.entry(schedule.servers).or_default();
            corpus.keep(entry, &mut self.rng);
        }
        self.new_states.extend(news.iter().filter(|feature| Coverage::is_state(**feature)));
        self.age += 1;
        if self.age >= self.patience {
            self.forget();
            self.patience *= 2;
        }
        outcome
    }

    /// The last schedule, which was the first to reach these.
    fn entry(
        &mut self,
        schedule: &Schedule,
        outcome: &Outcome,
        news: &[Feature],
        first: Feature,
    ) -> Entry {
        if !self.guidance.has_states() {
            // Edges do not tell when they were taken.
            let at = self.rng.index(schedule.actions.len());
            let moment_us = schedule.actions.get(at).map_or(0, |action| action.at_us);
            return Entry::new(schedule, news, 0, moment_us);
        }
        let origin = self.oracle.origin(schedule.servers, self.releases);
        let moment_us = self.coverage.moment_of(first).0.saturating_sub(origin.0);
        let danger = if self.seeks_locks {
            self.danger_to_locks(schedule, outcome)
        } else {
            self.danger_of(schedule)
        };
        Entry::new(schedule, news, danger, moment_us)
    }

    /// How near the last schedule came to breaking what a lock promises. Whatever promise of a session is broken,
    /// another is not far: where a server has other nodes than the rest, it takes a client who looks there to have
    /// two of them hold one lock. What is at stake otherwise counts for less.
    fn danger_to_locks(&mut self, schedule: &Schedule, outcome: &Outcome) -> u32 {
        let broken = outcome.classes().into_iter().find(|class| class.is_about_locks());
        match broken {
            Some(class) if self.cause.is_none() || self.holds(schedule, class) => DANGER_MAX,
            _ => self.coverage.danger().min(DANGER_MAX / 2),
        }
    }

    /// How near the last schedule came to a loss; not at all if it came as near without the defect
    /// that is looked for, or through defects that are known to lose something.
    fn danger_of(&mut self, schedule: &Schedule) -> u32 {
        let danger = self.coverage.danger();
        if danger == 0 {
            return danger;
        }
        let Self { releases, oracle, .. } = self;
        let mut comes_as_near = |releases| {
            let mut coverage = Coverage::default();
            oracle.cover(schedule, releases, &mut coverage);
            coverage.danger() >= danger
        };
        let removed = self.cause.map(|cause| cause.removed(*releases)).unwrap_or_default();
        let is_in_vain = removed.into_iter().any(&mut comes_as_near)
            || self.known.iter().any(|defects| comes_as_near(alone(defects, *releases)));
        if is_in_vain { 0 } else { danger }
    }

    /// From now on it is known that these defects lose something, and other ways are looked for.
    pub(super) fn learn(&mut self, defects: &[&'static Switch]) {
        self.known.push(defects.to_vec());
        self.forget();
    }

    /// Starts over.
    fn forget(&mut self) {
        self.leave();
        self.corpora.clear();
        self.age = 0;
        self.borrow();
    }

    /// Leaves the best of what it learned to others.
    pub(super) fn leave(&self) {
        if let Some(folder) = &self.folder {
            folder.leave(self.corpora.values().flat_map(|corpus| corpus.best(LEFT)));
        }
    }

    /// Takes some of what others have left, as chance has it.
    fn borrow(&mut self) {
        let Self { folder: Some(folder), rng, sizes, .. } = self else { return };
        let fits = |schedule: &&Schedule| sizes.include(schedule.servers);
        let mut all: Vec<&Schedule> = folder.schedules().iter().filter(fits).collect();
        let few = all.len().min(BORROWED);
        for at in 0..few {
            let other = at + rng.index(all.len() - at);
            all.swap(at, other);
        }
        self.borrowed = all.into_iter().take(few).cloned().collect();
    }

    /// The defects without which this class would not be broken.
    pub(super) fn causes(&mut self, schedule: &Schedule, class: Class) -> Vec<&'static Switch> {
        causes(&mut self.oracle, schedule, self.releases, class, self.cause)
    }

    /// Whether the class is broken with these defects and no other.
    pub(super) fn suffice(
        &mut self,
        defects: &[&'static Switch],
        schedule: &Schedule,
        class: Class,
    ) -> bool {
        let releases = alone(defects, self.releases);
        self.oracle.judge(schedule, releases).class() == Some(class)
    }

    /// The states reached for the first time since this was asked last.
    pub fn take_new_states(&mut self) -> Vec<Feature> {
        std::mem::take(&mut self.new_states)
    }
}
