//! Judges registers: zones first, the generic engine for what is outside of them.
//!
//! The operations are asked for once for the zones, which keep none of them. Only if there is
//! something to search or to explain they are asked for again, and those that matter are kept.

mod explain;
mod source;

pub use source::Reread;

use super::any::Part;
use super::words::Words;
use super::{Finding, Report, Settings};
use crate::format::Error;
use crate::linearizability::zones::{self, Focus, Zones};
use crate::linearizability::{Budget, Call, check};
use crate::model::register::{Op, Register, Value};
use crate::record::{Recorded, Settled};
use explain::Judging;
use rustc_hash::FxHashMap;
use source::Source;

/// The registers that are judged.
fn model(settings: &Settings<'_>) -> Register {
    Register { initial: settings.initial.unwrap_or(Value::NIL) }
}

/// Judges each key of a history by itself.
pub fn judge(recorded: &Recorded<Op>, settings: &Settings<'_>) -> Report {
    let Ok(report) = run(recorded, settings);
    report
}

/// The same for a file. It is read once, and once more for violations and what only the generic
/// engine can decide; memory is needed for the values, and for the operations that these concern.
///
/// # Errors
///
/// If the file cannot be read, or any of its lines makes no sense: all of them are reported.
pub fn judge_file<R: std::io::Read + Send>(
    file: &Reread<impl Fn() -> std::io::Result<R>>,
    settings: &Settings<'_>,
) -> Result<Report, Error> {
    run(file, settings)
}

fn run<S: Source>(source: &S, settings: &Settings<'_>) -> Result<Report, S::Error> {
    let mut overview = Overview::new(model(settings).initial);
    source.replay(&settings.budget, &mut |settled| overview.add(&settled))?;
    let Overview { zones, counts, operations, crashed, samples } = overview;
    let (found, focuses) = zones.finish_with_focus();
    let parts = counts.iter().filter(|count| **count > 0).count();
    let mut report = Report { operations, crashed, parts, searched: 0, findings: Vec::new() };
    confirm(&model(settings), &samples, &found);
    let mut rest = &found[..];
    while !rest.is_empty() {
        let (batch, next) = rest.split_at(batch(rest, &counts));
        let kept = keep(source, batch, &focuses, settings)?;
        judge_batch(&kept, batch, settings, &mut report);
        rest = next;
    }
    Ok(report)
}

/// What one look at all operations shows.
struct Overview {
    zones: Zones,
    /// How many operations there are on each key.
    counts: Vec<usize>,
    operations: usize,
    crashed: usize,
    /// The operations on the first few keys, as long as they are few.
    samples: [Vec<Call<Op>>; SAMPLES],
}

/// One of this many keys is shown to the generic engine, if the zones call it valid.
const SAMPLES: usize = 8;

/// A key with more operations is not shown to it.
const CONFIRMED_MAX: usize = 1_000;

impl Overview {
    fn new(initial: Value) -> Self {
        let samples = [const { Vec::new() }; SAMPLES];
        let zones = Zones::new(initial);
        Self { zones, counts: Vec::new(), operations: 0, crashed: 0, samples }
    }

    /// Adds an operation; how many bytes are kept in all, about.
    fn add(&mut self, settled: &Settled<Op>) -> usize {
        let Settled { key, call, has_failed, .. } = settled;
        if *has_failed {
            return self.zones.bytes();
        }
        self.zones.add(*key, &call.op, call.invoked, call.returned);
        let at = *key as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.operations += 1;
        self.crashed += usize::from(call.is_crashed());
        if at < SAMPLES && self.counts[at] <= CONFIRMED_MAX + 1 {
            self.samples[at].push(*call);
        }
        self.zones.bytes()
    }
}

/// # Panics
///
/// If the engine contradicts the zones.
fn confirm(model: &Register, samples: &[Vec<Call<Op>>], found: &[(u32, zones::Finding)]) {
    let is_valid = |key: usize| found.iter().all(|(other, _)| *other as usize != key);
    let sample = samples
        .iter()
        .enumerate()
        .find(|(key, calls)| (1..=CONFIRMED_MAX).contains(&calls.len()) && is_valid(*key));
    let Some((_, calls)) = sample else { return };
    let budget = Budget { configurations: 8 * calls.len() as u64, ..Budget::default() };
    let outcome = check(model, calls, &budget);
    assert!(!outcome.is_violation(), "zones and engine contradict each other: {outcome:?}");
}

/// At most this many operations are kept at once, unless a single key has more.
const BATCH_MAX: usize = 1 << 21;

/// How many of the findings are looked at together.
fn batch(found: &[(u32, zones::Finding)], counts: &[usize]) -> usize {
    let mut kept = 0;
    let fits = found.iter().take_while(|(key, finding)| {
        kept += match finding {
            zones::Finding::Outside(_) => counts[*key as usize],
            zones::Finding::Conflict(_) => 1,
        };
        kept <= BATCH_MAX
    });
    fits.count().max(1)
}

/// Up to this many updates are counted to tell how stale a read is.
const PASSED_BY_MAX: usize = 1 << 20;

/// The operations that the findings are about.
fn keep<S: Source>(
    source: &S,
    found: &[(u32, zones::Finding)],
    focuses: &FxHashMap<u32, Focus>,
    settings: &Settings<'_>,
) -> Result<Recorded<Op>, S::Error> {
    let wanted: FxHashMap<u32, Option<&Focus>> =
        found.iter().map(|(key, _)| (*key, focuses.get(key))).collect();
    let mut kept = Recorded::from_calls(Vec::new(), Vec::new());
    let mut passed_by = 0;
    let names = source.replay(&settings.budget, &mut |settled| {
        let is_kept = match wanted.get(&settled.key) {
            None => false,
            Some(None) => true,
            Some(Some(focus)) if focus.concerns(&settled.call.op) => true,
            Some(Some(focus)) => {
                let is_counted = !settled.has_failed && focus.is_passed_by(&settled.call);
                passed_by += usize::from(is_counted);
                is_counted && passed_by <= PASSED_BY_MAX
            }
        };
        if is_kept {
            kept.push(settled);
        }
        kept.calls.len() * size_of::<Settled<Op>>()
    })?;
    kept.names = names.into_owned();
    kept.arrange();
    Ok(kept)
}

fn judge_batch(
    kept: &Recorded<Op>,
    found: &[(u32, zones::Finding)],
    settings: &Settings<'_>,
    report: &mut Report,
) {
    let mut parts: FxHashMap<u32, Vec<u32>> = kept.by_key().into_iter().collect();
    for (key, finding) in found {
        let places = parts.remove(key).unwrap_or_default();
        let places: Vec<usize> = places.into_iter().map(|at| at as usize).collect();
        let calls: Vec<_> = places.iter().map(|at| kept.calls[*at]).collect();
        let part = Part { calls: &calls, places: &places, words: Words::new(kept, *key) };
        let model = model(settings);
        let judging = Judging { recorded: kept, model, settings, key: *key, part };
        match finding {
            zones::Finding::Conflict(conflict) => {
                let example = Box::new(judging.explain_conflict(*conflict));
                report.findings.push(Finding::Violation(example));
            }
            zones::Finding::Outside(_) => {
                report.searched += 1;
                report.findings.extend(judging.search());
            }
        }
    }
}
