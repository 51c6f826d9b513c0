//! The search: breadth first, a level at a time, by any number of threads with the same result.
//!
//! A level is worked on in batches. Within a batch threads take states as they come; what they find
//! is kept by rank, which does not depend on who was faster. Bounds are looked at between batches.

use super::Choice;
use super::levels::{Levels, Member};
use super::order::Last;
use super::rest;
use super::setting::Setting;
use super::sink::Fingerprint;
use super::state::{State, Step};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use zab_checker::{Verdict, Violation};
use zab_core::Span;
use zab_core::canonical::Canonical;

/// States in a batch.
const BATCH: usize = 4096;

/// States that a thread takes at once: neighbors, most of which have an ancestor in common.
const HANDFUL: usize = 64;

/// How many steps above a state the ancestor is that is kept for its neighbors: to copy a state costs
/// as much as to take a few steps.
const NEAR: usize = 3;

/// What is enough.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// This many states.
    pub states: u64,
    /// This many worlds in memory at a time; states beyond are made again from their steps.
    pub worlds: usize,
}

/// How far an exploration has come.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Steps from the beginning.
    pub depth: u32,
    /// Different states met.
    pub states: u64,
    /// Steps taken, those to states met before included.
    pub steps: u64,
    /// States of this level that are still to be gone on from.
    pub frontier: u64,
    /// States of the next level.
    pub next: u64,
    /// States that were healed and judged.
    pub judged: u64,
    /// Of those, the ones without a decision.
    pub undecided: u64,
}

/// How an exploration ended.
#[derive(Clone, Debug)]
pub enum End {
    /// Nothing is left.
    Complete,
    /// A rule is broken.
    Found(Box<Found>),
    /// It was enough, for this reason.
    Enough(&'static str),
}

/// A violation and the way there.
#[derive(Clone, Debug)]
pub struct Found {
    /// From the boot on.
    pub choices: Vec<Choice>,
    /// Whether it took healing to see it.
    pub at_rest: bool,
    /// What is broken.
    pub violation: Violation,
}

/// What an exploration came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// How far it came.
    pub progress: Progress,
    /// The most states that waited at once.
    pub widest: u64,
}

/// Explores. The watcher is told after each batch how far it is, and may end it.
///
/// # Errors
///
/// The place of the first choice of [`Setting::before`] that cannot be taken.
pub fn search(
    setting: &Setting,
    limits: Limits,
    threads: usize,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<&'static str>,
) -> Result<Report, usize> {
    let Some(root) = setting.root() else {
        return Err(setting.replay(&setting.before).taken);
    };
    let levels = Levels::new(hash(setting, &root), limits.worlds.max(1));
    let mut search = Search {
        setting,
        root,
        limits,
        threads,
        levels,
        counts: Counts::default(),
        depth: 0,
        states: 1,
        widest: 1,
    };
    let end = search.run(watch);
    let progress = search.progress(0);
    Ok(Report { end, progress, widest: search.widest })
}

fn hash(setting: &Setting, state: &State) -> u64 {
    let mut sink = Fingerprint::new(setting.free.election);
    state.canonical(&mut sink);
    sink.value()
}

#[derive(Default)]
struct Counts {
    steps: AtomicU64,
    next: AtomicU64,
    judged: AtomicU64,
    undecided: AtomicU64,
}

/// What a thread works with.
#[derive(Default)]
struct Bench {
    step: Step,
    /// A state that others are made from, and which one it is.
    ancestor: Option<(u32, State)>,
}

struct Search<'a> {
    setting: &'a Setting,
    root: State,
    limits: Limits,
    threads: usize,
    levels: Levels,
    counts: Counts,
    depth: u32,
    states: u64,
    widest: u64,
}

/// A violation found in the batch: where, and what. The least place counts.
type Hit = Option<((u32, u16), Option<Choice>, Violation)>;

impl Search<'_> {
    fn run(&mut self, watch: &mut dyn FnMut(Progress) -> ControlFlow<&'static str>) -> End {
        let root = Some(Box::new(self.root.clone()));
        let mut level = vec![Member { id: 0, last: Last::NONE, state: root }];
        while !level.is_empty() {
            let ids: Vec<u32> = level.iter().map(|member| member.id).collect();
            self.widest = self.widest.max(ids.len() as u64);
            for start in (0..level.len()).step_by(BATCH) {
                let end = level.len().min(start + BATCH);
                if let Some((rank, choice, violation)) = self.batch(&mut level[start..end], start) {
                    let mut choices = self.setting.before.clone();
                    choices.extend(self.levels.path(ids[rank.0 as usize]));
                    choices.extend(choice);
                    let at_rest = choice.is_none();
                    return End::Found(Box::new(Found { choices, at_rest, violation }));
                }
                let progress = self.progress((ids.len() - end) as u64);
                if progress.states >= self.limits.states {
                    return End::Enough("states");
                }
                if let ControlFlow::Break(reason) = watch(progress) {
                    return End::Enough(reason);
                }
            }
            level = self.levels.advance(&ids);
            self.states += *self.counts.next.get_mut();
            *self.counts.next.get_mut() = 0;
            self.depth += u32::from(!level.is_empty());
        }
        End::Complete
    }

    fn progress(&self, frontier: u64) -> Progress {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { steps, next, judged, undecided, .. } = &self.counts;
        let next = read(next);
        Progress {
            depth: self.depth,
            states: self.states + next,
            steps: read(steps),
            frontier,
            next,
            judged: read(judged),
            undecided: read(undecided),
        }
    }

    /// Continues from these states; the first one has this place on its level.
    fn batch(&self, members: &mut [Member], start: usize) -> Hit {
        let hit: Mutex<Hit> = Mutex::new(None);
        let handfuls: Vec<_> = members.chunks_mut(HANDFUL).map(Mutex::new).collect();
        let taken = AtomicUsize::new(0);
        let work = || {
            let mut bench = Bench::default();
            loop {
                let at = taken.fetch_add(1, Ordering::Relaxed);
                let Some(handful) = handfuls.get(at) else { return };
                let mut handful = handful.lock().expect("each is taken once");
                for (place, member) in handful.iter_mut().enumerate() {
                    let place = (start + at * HANDFUL + place) as u32;
                    if let Some(found) = self.expand(member, place, &mut bench) {
                        let mut hit = hit.lock().expect("no thread panics while it reports");
                        if hit.as_ref().is_none_or(|(rank, ..)| found.0 < *rank) {
                            *hit = Some(found);
                        }
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.threads {
                scope.spawn(work);
            }
            work();
        });
        hit.into_inner().expect("no thread panics while it reports")
    }

    /// Takes every choice of a state.
    fn expand(&self, member: &mut Member, place: u32, bench: &mut Bench) -> Hit {
        let Self { setting, levels, counts, .. } = self;
        let state = match member.state.take() {
            Some(state) => {
                levels.release();
                state
            }
            None => Box::new(self.again(member.id, bench)),
        };
        let step = &mut bench.step;
        let mut choices = state.choices(setting);
        if State::is_at_rest(&choices)
            && let Some(violation) = self.judge(&state)
        {
            return Some(((place, 0), None, violation));
        }
        if !setting.free.order {
            choices.retain(|choice| !member.last.spares(*choice, |server| state.leads(server)));
        }
        let last = choices.len().wrapping_sub(1);
        let mut state = Some(state);
        for (at, choice) in choices.iter().enumerate() {
            let rank = (place, at as u16);
            // The last one needs no copy.
            let next = if at == last { state.take() } else { state.clone() };
            let Some(mut next) = next else { break };
            if !next.take(setting, *choice, step) {
                continue;
            }
            counts.steps.fetch_add(1, Ordering::Relaxed);
            if let Some(violation) = next.violation(setting) {
                return Some((rank, Some(*choice), violation.clone()));
            }
            let way = Last::of(*choice, step.reach);
            let hash = hash(setting, &next);
            if !levels.is_old(hash) && levels.add(hash, rank, (*choice, way), next) {
                counts.next.fetch_add(1, Ordering::Relaxed);
            }
        }
        None
    }

    /// Heals a state and judges it.
    fn judge(&self, state: &State) -> Option<Violation> {
        let Self { setting, counts, .. } = self;
        let judged = rest::judge(state, setting.now, Span(0), None);
        counts.judged.fetch_add(1, Ordering::Relaxed);
        if let Verdict::Unknown(_) = judged.verdict {
            counts.undecided.fetch_add(1, Ordering::Relaxed);
        }
        match setting.class {
            None => judged.verdict.violation().cloned(),
            Some(class) => judged.violations.into_iter().find(|v| v.class == class),
        }
    }

    /// Makes a state again from its steps, the last few of them from an ancestor that its neighbors
    /// have in common with it.
    fn again(&self, id: u32, bench: &mut Bench) -> State {
        let Bench { step, ancestor } = bench;
        let (from, steps) = self.levels.last_steps(id, NEAR);
        if ancestor.as_ref().is_none_or(|(kept, _)| *kept != from) {
            let mut state = self.root.clone();
            self.walk(&mut state, self.levels.path(from), step);
            *ancestor = Some((from, state));
        }
        let (_, state) = ancestor.as_ref().expect("it has just been made");
        let mut state = state.clone();
        self.walk(&mut state, steps, step);
        state
    }

    fn walk(&self, state: &mut State, steps: Vec<Choice>, step: &mut Step) {
        for choice in steps {
            let is_taken = state.take(self.setting, choice, step);
            assert!(is_taken, "a choice means the same each time: {choice}");
        }
    }
}
