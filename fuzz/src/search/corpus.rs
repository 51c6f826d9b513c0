//! The schedules of one size of ensemble that reached something new, and how they are chosen again.
//!
//! A schedule is worth as much as what only it and few others reach: the less often its rarest
//! feature was seen, the less often it was chosen already and the shorter it is, the sooner it is
//! chosen; and sooner by far if it came near to a loss.

use crate::coverage::Feature;
use crate::rng::Rng;
use rustc_hash::FxHashMap;
use zab_sim::Schedule;

/// Schedules compared for each choice.
const ROUND: usize = 48;

/// The most schedules kept; more of them only dilute the choice.
const CAPACITY: usize = 4096;

/// New features remembered of each schedule.
const FEATURES: usize = 6;

/// Of this many choices one is of a harmless schedule.
const HARMLESS_IN: u64 = 20;

/// More danger than this makes no difference.
pub(super) const DANGER_MAX: u32 = 16;

/// A schedule worth keeping.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) schedule: Schedule,
    /// Those it was the first to reach.
    features: Vec<Feature>,
    /// How near it came to a loss.
    danger: u32,
    /// When that was, or when it reached something new, in microseconds after the boot.
    pub(super) moment_us: u64,
    chosen: u64,
}

impl Entry {
    /// A schedule that was the first to reach these features, and what else is known of it.
    pub(super) fn new(schedule: &Schedule, news: &[Feature], danger: u32, moment_us: u64) -> Self {
        let features = news.iter().copied().take(FEATURES).collect();
        Self { schedule: schedule.clone(), features, danger, moment_us, chosen: 0 }
    }

    /// How little it promises.
    fn fatigue(&self, atlas: &Atlas) -> u64 {
        let rarest = self.features.iter().filter_map(|f| atlas.get(f)).min();
        // Long schedules take longer to run, and most of what is in them does nothing.
        let length = 8 + self.schedule.actions.len() as u64;
        let safety = DANGER_MAX.saturating_sub(self.danger);
        (u64::from(*rarest.unwrap_or(&1)) * (1 + self.chosen) * length) << safety
    }
}

/// Schedules of one kind.
#[derive(Clone, Debug, Default)]
struct Pool {
    entries: Vec<Entry>,
}

/// How many executions saw each feature.
type Atlas = FxHashMap<Feature, u32>;

/// The corpus of one island, for one size.
#[derive(Clone, Debug, Default)]
pub(super) struct Corpus {
    /// Those that came near to a loss, and those that did not: there are far more of these.
    dangerous: Pool,
    harmless: Pool,
    atlas: Atlas,
}

impl Corpus {
    pub(super) fn is_empty(&self) -> bool {
        self.dangerous.entries.is_empty() && self.harmless.entries.is_empty()
    }

    /// Counts what an execution saw, and says what of it is new.
    pub(super) fn count(&mut self, features: &[Feature]) -> Vec<Feature> {
        let mut news = Vec::new();
        for feature in features {
            let count = self.atlas.entry(*feature).or_default();
            *count = count.saturating_add(1);
            if *count == 1 {
                news.push(*feature);
            }
        }
        news
    }

    /// Keeps a schedule.
    pub(super) fn keep(&mut self, entry: Entry, rng: &mut Rng) {
        let pool = if entry.danger > 0 { &mut self.dangerous } else { &mut self.harmless };
        pool.keep(entry, &self.atlas, rng);
    }

    /// The schedules that came near to a loss, at most this many: those that promise the most.
    pub(super) fn best(&self, most: usize) -> Vec<&Schedule> {
        let mut entries: Vec<&Entry> = self.dangerous.entries.iter().collect();
        entries.sort_by_key(|entry| entry.fatigue(&self.atlas));
        entries.into_iter().take(most).map(|entry| &entry.schedule).collect()
    }

    /// The least tired of a few, to be mutated, and any other to take parts from. There has to
    /// be one.
    pub(super) fn choose(&mut self, rng: &mut Rng) -> (&Entry, &Schedule) {
        let Self { dangerous, harmless, atlas } = self;
        let no_choice = dangerous.entries.is_empty() || harmless.entries.is_empty();
        let (pool, other) =
            if no_choice && harmless.entries.is_empty() || !no_choice && !rng.one_in(HARMLESS_IN) {
                (dangerous, harmless)
            } else {
                (harmless, dangerous)
            };
        let donors = if other.entries.is_empty() || rng.one_in(2) { None } else { Some(other) };
        let best = pool.one_of_few(rng, |entry| entry.fatigue(atlas));
        pool.entries[best].chosen += 1;
        let donors = donors.map_or(&*pool, |other| &*other);
        let donor = rng.index(donors.entries.len());
        (&pool.entries[best], &donors.entries[donor].schedule)
    }
}

impl Pool {
    fn keep(&mut self, entry: Entry, atlas: &Atlas, rng: &mut Rng) {
        if self.entries.len() < CAPACITY {
            self.entries.push(entry);
        } else {
            let tired = self.one_of_few(rng, |entry| u64::MAX - entry.fatigue(atlas));
            self.entries[tired] = entry;
        }
    }

    /// Of a few schedules the one of least cost.
    fn one_of_few(&self, rng: &mut Rng, cost: impl Fn(&Entry) -> u64) -> usize {
        let few = (0..ROUND).map(|_| rng.index(self.entries.len()));
        few.min_by_key(|index| cost(&self.entries[*index])).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn schedules_with_rare_features_are_chosen_more_often() {
        let mut rng = Rng::new(1);
        let mut corpus = Corpus::default();
        let common = generate::schedule(&mut rng, 3);
        let rare = generate::schedule(&mut rng, 3);
        assert_eq!(corpus.count(&[1, 2]), [1, 2]);
        corpus.keep(Entry::new(&common, &[1, 2], 0, 0), &mut rng);
        for _ in 0..1000 {
            assert!(corpus.count(&[1, 2]).is_empty());
        }
        assert_eq!(corpus.count(&[1, 3]), [3]);
        corpus.keep(Entry::new(&rare, &[3], 0, 0), &mut rng);
        assert!(times_chosen(&mut corpus, &rare, &mut rng) > 80);
    }

    #[test]
    fn schedules_that_came_near_to_a_loss_are_chosen_more_often() {
        let mut rng = Rng::new(2);
        let mut corpus = Corpus::default();
        let safe = generate::schedule(&mut rng, 3);
        let dangerous = generate::schedule(&mut rng, 3);
        corpus.count(&[1, 2]);
        corpus.keep(Entry::new(&safe, &[1], 0, 0), &mut rng);
        corpus.keep(Entry::new(&dangerous, &[2], DANGER_MAX, 0), &mut rng);
        for _ in 0..100 {
            corpus.keep(Entry::new(&safe, &[1], 0, 0), &mut rng);
        }
        assert!(times_chosen(&mut corpus, &dangerous, &mut rng) > 40);
    }

    fn times_chosen(corpus: &mut Corpus, schedule: &Schedule, rng: &mut Rng) -> usize {
        (0..100).filter(|_| corpus.choose(rng).0.schedule == *schedule).count()
    }
}
