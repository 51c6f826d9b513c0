//! The schedules that reached something new, and how they are chosen again.
//!
//! A schedule is worth as much as what only it and few others reach: the less often its rarest
//! feature was seen, the less often it was chosen already and the shorter it is, the sooner it is
//! chosen.

use crate::coverage::Feature;
use crate::rng::Rng;
use rustc_hash::FxHashMap;
use zab_sim::Schedule;

/// Schedules compared for each choice.
const ROUND: usize = 4;

/// The most schedules kept; more of them only dilute the choice.
const CAPACITY: usize = 8192;

/// New features remembered of each schedule.
const FEATURES: usize = 6;

#[derive(Clone, Debug)]
struct Entry {
    schedule: Schedule,
    /// Those it was the first to reach.
    features: Vec<Feature>,
    chosen: u64,
}

/// The corpus of one island, with its atlas: how many executions saw each feature.
#[derive(Clone, Debug, Default)]
pub(super) struct Corpus {
    entries: Vec<Entry>,
    atlas: FxHashMap<Feature, u32>,
}

impl Corpus {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts what an execution saw. What is new is returned, and its schedule kept.
    pub(super) fn learn(&mut self, schedule: &Schedule, features: &[Feature]) -> Vec<Feature> {
        let mut news = Vec::new();
        for feature in features {
            let count = self.atlas.entry(*feature).or_default();
            *count = count.saturating_add(1);
            if *count == 1 {
                news.push(*feature);
            }
        }
        if !news.is_empty() {
            let features = news.iter().copied().take(FEATURES).collect();
            let entry = Entry { schedule: schedule.clone(), features, chosen: 0 };
            if self.entries.len() < CAPACITY {
                self.entries.push(entry);
            } else if let Some(tired) = (0..self.entries.len()).max_by_key(|i| self.fatigue(*i)) {
                self.entries[tired] = entry;
            }
        }
        news
    }

    /// The least tired of a few, to be mutated, and any other to take parts from. There has to
    /// be one.
    pub(super) fn choose(&mut self, rng: &mut Rng) -> (&Schedule, &Schedule) {
        let best = (0..ROUND)
            .map(|_| rng.index(self.entries.len()))
            .min_by_key(|index| self.fatigue(*index))
            .unwrap_or(0);
        self.entries[best].chosen += 1;
        let donor = rng.index(self.entries.len());
        (&self.entries[best].schedule, &self.entries[donor].schedule)
    }

    /// How little a schedule promises.
    fn fatigue(&self, index: usize) -> u64 {
        let entry = &self.entries[index];
        let rarest = entry.features.iter().filter_map(|f| self.atlas.get(f)).min();
        // Long schedules take longer to run, and most of what is in them does nothing.
        let length = 8 + entry.schedule.actions.len() as u64;
        u64::from(*rarest.unwrap_or(&1)) * (1 + entry.chosen) * length
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
        assert_eq!(corpus.learn(&common, &[1, 2]), [1, 2]);
        for _ in 0..1000 {
            assert!(corpus.learn(&common, &[1, 2]).is_empty());
        }
        assert_eq!(corpus.learn(&rare, &[1, 3]), [3]);
        let chosen = (0..100).filter(|_| *corpus.choose(&mut rng).0 == rare).count();
        assert!(chosen > 80, "the rare one was chosen {chosen} times of 100");
    }
}
