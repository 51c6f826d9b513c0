//! What repeats after healing is told once: a server that follows and leaves a thousand times does
//! not need two thousand lines.

use super::story::{Moment, Weight};
use super::text::{ms, thousands};
use std::collections::{BTreeMap, BTreeSet};
use zab_core::NodeId;

/// So often a step that repeats is told in full.
const TOLD: usize = 2;

/// More often than this, and it is folded.
const REPEATS: usize = 3;

/// What repeats: where, and in which words but for the numbers.
type Key = (Option<NodeId>, String);

/// Folds what repeats after the event of this number, except what is evidence.
pub(super) fn fold(
    moments: Vec<Moment>,
    after: Option<usize>,
    evidence: &BTreeSet<usize>,
) -> Vec<Moment> {
    let Some(after) = after else {
        return moments;
    };
    let foldable = |moment: &Moment| moment.events > after && !evidence.contains(&moment.events);
    let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
    for moment in moments.iter().filter(|moment| foldable(moment)) {
        *counts.entry(key(moment)).or_default() += 1;
    }
    let mut told: BTreeMap<Key, usize> = BTreeMap::new();
    let mut folds: BTreeMap<Option<NodeId>, Fold> = BTreeMap::new();
    let mut kept = Vec::new();
    for moment in moments {
        let key = key(&moment);
        let count = counts.get(&key).copied().unwrap_or(0);
        let so_far = told.entry(key.clone()).or_default();
        *so_far += usize::from(foldable(&moment));
        if !foldable(&moment) || count <= REPEATS || *so_far <= TOLD {
            kept.push(moment);
        } else {
            folds.entry(moment.node).or_insert_with(|| Fold::new(&moment)).add(key, moment);
        }
    }
    kept.extend(folds.into_values().map(Fold::into_moment));
    kept.sort_by_key(|moment| (moment.at_us, moment.events));
    kept
}

/// What one server did again and again.
struct Fold {
    first: Moment,
    last_us: u64,
    weight: Weight,
    /// In the order in which they were met: what, in which words, how often.
    steps: Vec<(Key, String, usize)>,
}

impl Fold {
    fn new(first: &Moment) -> Self {
        Self {
            first: first.clone(),
            last_us: first.at_us,
            weight: Weight::Detail,
            steps: Vec::new(),
        }
    }

    fn add(&mut self, key: Key, moment: Moment) {
        self.last_us = moment.at_us;
        self.weight = self.weight.max(moment.weight.min(Weight::Step));
        match self.steps.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, words, times)) => {
                *times += 1;
                if *words != moment.text {
                    words.clone_from(&key.1);
                }
            }
            None => self.steps.push((key, moment.text, 1)),
        }
    }

    fn into_moment(self) -> Moment {
        let Self { first, last_us, weight, steps } = self;
        let mut by_count: Vec<(usize, Vec<String>)> = Vec::new();
        for (_, words, times) in steps {
            match by_count.iter_mut().find(|(count, _)| *count == times) {
                Some((_, same)) => same.push(words),
                None => by_count.push((times, vec![words])),
            }
        }
        by_count.sort_by_key(|(times, _)| std::cmp::Reverse(*times));
        let lists: Vec<String> = by_count
            .into_iter()
            .map(|(times, words)| {
                let each = if words.len() > 1 { " each" } else { "" };
                format!("{} ({} more times{each})", words.join(", "), thousands(times as u64))
            })
            .collect();
        let text = format!("and so on, until {}: {}", ms(last_us), lists.join("; "));
        Moment { text, weight, ..first }
    }
}

fn key(moment: &Moment) -> Key {
    (moment.node, without_numbers(&moment.text))
}

/// A sentence without the numbers that change from one time to the next; the names of servers,
/// clients and registers stay.
fn without_numbers(text: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in text.chars() {
        let is_name = before.is_ascii_alphanumeric() && before != 'n';
        match c {
            '0'..='9' if !is_name => {
                if before != 'n' {
                    words.push('n');
                }
                before = 'n';
            }
            _ => {
                words.push(c);
                before = c;
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use zab_checker::custody::Servers;

    fn moment(events: usize, node: u8, text: &str) -> Moment {
        Moment {
            at_us: events as u64 * 1000,
            events,
            node: Some(NodeId(node)),
            text: text.to_owned(),
            weight: Weight::Step,
            servers: Servers::new(),
        }
    }

    /// A server that leaves and follows, and another one that speaks in between.
    fn cycles(times: usize) -> Vec<Moment> {
        let cycle = |at: usize| {
            let election = format!("S1 wins the election of round {at}");
            [
                moment(3 * at, 2, "S2 follows S1"),
                moment(3 * at + 1, 1, &election),
                moment(3 * at + 2, 2, "S2 leaves"),
            ]
        };
        (1..=times).flat_map(cycle).collect()
    }

    #[test]
    fn names_stay_and_numbers_go() {
        let text = "S1 acknowledges NEWLEADER of epoch 12 to S0, <1, 10> k0=5001";
        let expected = "S1 acknowledges NEWLEADER of epoch n to S0, <n, n> k0=n";
        assert_eq!(without_numbers(text), expected);
    }

    #[test]
    fn what_repeats_after_healing_is_told_twice_and_counted() {
        let folded = fold(cycles(100), Some(0), &BTreeSet::new());
        let texts: Vec<&str> = folded.iter().map(|moment| moment.text.as_str()).collect();
        let expected = [
            "S2 follows S1",
            "S1 wins the election of round 1",
            "S2 leaves",
            "S2 follows S1",
            "S1 wins the election of round 2",
            "S2 leaves",
            "and so on, until 302.0 ms: S2 follows S1, S2 leaves (98 more times each)",
            "and so on, until 301.0 ms: S1 wins the election of round n (98 more times)",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn what_is_evidence_or_before_healing_is_told_each_time() {
        assert_eq!(fold(cycles(20), None, &BTreeSet::new()).len(), 60);
        assert_eq!(fold(cycles(20), Some(1000), &BTreeSet::new()).len(), 60);
        let evidence = BTreeSet::from([30]);
        assert!(fold(cycles(20), Some(0), &evidence).iter().any(|moment| moment.events == 30));
    }
}
