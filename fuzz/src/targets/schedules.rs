//! The targets that run a schedule and judge what comes of it.
//!
//! Each has a search of its own inside, the one of `zab hunt`: it learns from every input that the
//! fuzzer runs, and most of what the fuzzer asks the mutator for are its proposals. The fuzzer adds
//! what it is better at: coverage of the code, corpora that outlive a process, forks and merges.

use super::{counters, mutator};
use crate::case::Driver;
use crate::generate::Sizes;
use crate::rng::Rng;
use crate::search::{Island, Wanted};
use std::cell::RefCell;
use zab_checker::{Class, Verdict};
use zab_core::variant::Named;
use zab_sim::Schedule;
use zab_sim::schedule::Directories;

/// One variant in one driver, for any number of schedules.
#[derive(Debug)]
pub struct Target {
    named: Named,
    wanted: Wanted,
    island: Island,
}

thread_local! {
    /// The one that the environment asks for: a fuzzer runs one target in a process.
    static TARGET: RefCell<Option<Target>> = const { RefCell::new(None) };
}

impl Target {
    /// A target for this variant, which fails at these violations.
    pub fn new(driver: Driver, named: Named, wanted: Wanted) -> Self {
        let island = Island::new(driver, named.releases(), Sizes::default(), Rng::new(0));
        Self { named, wanted, island }
    }

    /// The target that the environment asks for.
    ///
    /// # Panics
    ///
    /// If there is no such variant or class.
    fn from_env(driver: Driver) -> Self {
        let named = variant_from_env();
        let wanted = std::env::var("ZAB_CLASS").ok().map_or(Wanted::of(&named), |name| {
            let class = Class::parse(&name);
            Wanted::Only(class.unwrap_or_else(|| panic!("ZAB_CLASS: there is no class `{name}`")))
        });
        let target = Self::new(driver, named, wanted);
        match std::env::var_os("ZAB_STRICT_POSIX") {
            Some(_) => Self { island: target.island.in_directories(Directories::Strict), ..target },
            None => target,
        }
    }

    /// Runs a schedule.
    ///
    /// # Errors
    ///
    /// What is wrong, if it broke a wanted rule, or could not be decided where every rule counts.
    pub fn run(&mut self, schedule: &Schedule) -> Result<(), String> {
        let outcome = self.island.execute(schedule);
        // Nobody asks for them, and they would add up.
        drop(self.island.take_new_states());
        // Before the verdict: a finding is coverage too.
        counters::endangered(self.island.coverage().danger());
        let name = &self.named.name;
        match outcome.verdict {
            Verdict::Violation(violation) if self.wanted.wants(violation.class) => {
                Err(format!("{} in {name}: {}", violation.class, violation.detail))
            }
            // With a defect an ensemble may never come to rest; the reference has to be decided.
            Verdict::Unknown(reason) if self.wanted == Wanted::Any => {
                Err(format!("undecided in {name}: {reason}"))
            }
            _ => Ok(()),
        }
    }

    /// What to run next, as this chance has it.
    pub fn propose(&mut self, rng: Rng) -> Schedule {
        self.island.reseed(rng);
        self.island.propose()
    }
}

/// Has the target of this process do something.
fn with_target<T>(driver: Driver, act: impl FnOnce(&mut Target) -> T) -> T {
    TARGET.with_borrow_mut(|target| act(target.get_or_insert_with(|| Target::from_env(driver))))
}

/// The variant that the environment names.
fn variant_from_env() -> Named {
    let name = std::env::var("ZAB_VARIANT").unwrap_or_else(|_| "reference".to_owned());
    crate::variants::find(&name).unwrap_or_else(|error| panic!("ZAB_VARIANT: {error}"))
}

/// How to go on from an input that fails.
fn hint() -> String {
    let name = variant_from_env().name;
    format!("to make a case of the input: cargo zab corpus import --variant {name} FILE")
}

/// The verdict of a driver on a schedule.
///
/// # Panics
///
/// If the schedule broke a rule, as a fuzz target has to.
pub fn judge(driver: Driver, schedule: &Schedule) {
    let result = with_target(driver, |target| target.run(schedule));
    result.unwrap_or_else(|what| panic!("{what}\n{}", hint()));
}

/// Of how many inputs one is made from what the fuzzer offers, and not by the search within.
const OFFERED: u64 = 4;

/// The next input for [`judge`], in place of the first `size` bytes: mostly from the search within,
/// else from these bytes. `None` if the fuzzer shall mutate the bytes.
pub fn next_input(
    driver: Driver,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
) -> Option<usize> {
    let mut rng = Rng::of(u64::from(seed), 1);
    if rng.one_in(OFFERED) {
        return mutator::mutate_bytes(data, size, max_size, seed);
    }
    let proposal = with_target(driver, |target| target.propose(rng));
    Some(mutator::put(&proposal, &mut data[..max_size]))
}

/// A child of two inputs for [`judge`], or another input from the search within.
pub fn next_child(
    driver: Driver,
    mother: &[u8],
    father: &[u8],
    out: &mut [u8],
    seed: u32,
) -> usize {
    let mut rng = Rng::of(u64::from(seed), 2);
    if rng.one_in(OFFERED) {
        return mutator::cross_over(mother, father, out, seed);
    }
    let proposal = with_target(driver, |target| target.propose(rng));
    mutator::put(&proposal, out)
}

/// Whether both drivers come to the same verdict on a schedule, or at least to verdicts that
/// timing explains.
///
/// # Panics
///
/// If they do not, as a fuzz target has to.
#[cfg(feature = "turmoil")]
pub fn drivers_agree(schedule: &Schedule) {
    use crate::agreement::Drivers;
    thread_local! {
        static DRIVERS: RefCell<Drivers> = RefCell::default();
    }
    let named = variant_from_env();
    let check = |drivers: &mut Drivers| drivers.check(schedule, named.releases());
    if let Err(disagreement) = DRIVERS.with_borrow_mut(check) {
        panic!("{disagreement}, in {}\n{}", named.name, hint());
    }
}
