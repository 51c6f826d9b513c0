//! The campaign: schedule after schedule, until one breaks a rule or the budget is spent.
//!
//! Each thread is an island with a stream of chance, a corpus and an atlas of its own, so that what
//! a thread finds depends on the seed and its number only, never on timing. The first finding counts
//! that convinces: where a loss is one that no client's read shows, the search continues for as many
//! executions again, and the gravest of what it has counts then. The same seed and the same number of
//! threads find the same.

mod corpus;
mod folder;
mod island;
mod ledger;
mod thread;
mod ways;

pub use folder::Folder;
pub use island::Island;
pub use ledger::{Head, Ledger};
pub use ways::{Way, distinct};

use thread::{Shared, Thread};

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use zab_checker::Class;
use zab_checker::verdict::Rank;
use zab_core::variant::{self, Bug, Harm, Named, Releases, Switch, modeled};
use zab_sim::Schedule;
use zab_sim::schedule::{Directories, Kind, Workload};

use crate::case::Driver;
use crate::causes::Cause;
use crate::generate::Sizes;
use crate::guidance::Guidance;
use crate::hold::HoldIn;
use crate::oracle::{Oracle, Outcome};
use crate::situations::Census;

/// What to look for, where, and for how long.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The variant to break.
    pub releases: Releases,
    /// What runs the simulation.
    pub driver: Driver,
    /// Where else a finding has to show the same class.
    pub hold_in: Vec<HoldIn>,
    /// The sizes of ensembles.
    pub sizes: Sizes,
    /// What chance depends on.
    pub seed: u64,
    /// How many threads.
    pub jobs: usize,
    /// When to give up.
    pub limit: Limit,
    /// Kinds of fault that do not happen.
    pub without: Vec<Kind>,
    /// What a flush of a file does for its name.
    pub directories: Directories,
    /// What clients do.
    pub workload: Workload,
    /// What it learns from.
    pub guidance: Guidance,
    /// Which classes count.
    pub wanted: Wanted,
    /// Only violations that need this defect count.
    pub cause: Option<Cause>,
    /// Whether to go on after the first finding.
    pub keep_going: bool,
    /// What other searches have left, and where this one leaves what it learns.
    pub folder: Option<Arc<Folder>>,
}

/// When a campaign ends without having found anything.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After this much time on the wall clock.
    Time(Duration),
    /// After this many executions, all threads together.
    Runs(u64),
}

/// Which violations are findings.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those in which something is lost that a client could rely on.
    Losses,
    /// Those, and those in which servers do not agree in the end, or did not for a while.
    Divergences,
    /// Those in which a server does not serve in the end.
    Outages,
    /// Those in which what a lock, or a session, promises is broken.
    Locks,
    /// Every one.
    Any,
    /// Those of this class.
    Only(Class),
}

impl Campaign {
    /// A campaign of one thread from an empty corpus, with every fault, for what counts in this
    /// variant; in strict directories, or where clients queue for a lock, if it is a defect that shows
    /// nowhere else.
    pub fn new(named: &Named, seed: u64, limit: Limit) -> Self {
        Self {
            releases: named.releases(),
            driver: Driver::default(),
            hold_in: Vec::new(),
            sizes: Sizes::default(),
            seed,
            jobs: 1,
            limit,
            without: Vec::new(),
            directories: directories_of(named),
            workload: workload_of(named),
            guidance: Guidance::default(),
            wanted: Wanted::of(named),
            cause: None,
            keep_going: false,
            folder: None,
        }
    }

    /// What judges in the other worlds in which a finding has to show the same.
    pub fn others(&self) -> Vec<Oracle> {
        self.hold_in.iter().map(|world| world.oracle()).collect()
    }
}

/// The bugs that this variant shows by itself.
fn bugs_of(named: &Named) -> impl Iterator<Item = &'static Bug> {
    modeled().filter(|bug| bug.alone().map(Releases::from) == Some(named.releases()))
}

/// Where this variant is to be searched.
fn directories_of(named: &Named) -> Directories {
    let is_strict = bugs_of(named).any(Bug::needs_strict_directories);
    if is_strict { Directories::Strict } else { Directories::Lenient }
}

/// What clients do where this variant is to be searched.
fn workload_of(named: &Named) -> Workload {
    bugs_of(named).map(workload_for).find(|workload| !workload.is_registers()).unwrap_or_default()
}

/// What clients do where this bug is to be searched for.
pub fn workload_for(bug: &Bug) -> Workload {
    if bug.needs_local_sessions() { Workload::LocalLocks } else { Workload::Registers }
}

impl Wanted {
    /// What to look for in this variant: everything in the reference, which breaks no rule; in a
    /// single defect the harm that it is known for; losses in any other. With an upgrade, what the
    /// release is known for that is not the reference.
    pub fn of(named: &Named) -> Self {
        let variants = named.variants();
        let mut defective = variants.iter().filter(|one| one.kind != variant::Kind::Reference);
        match (defective.next(), defective.next()) {
            (None, _) => Self::Any,
            (Some(one), None) => Self::of_defective(one),
            (Some(one), Some(other)) => {
                match (Self::of_defective(one), Self::of_defective(other)) {
                    (one, other) if one == other => one,
                    (Self::Divergences, _) | (_, Self::Divergences) => Self::Divergences,
                    _ => Self::Losses,
                }
            }
        }
    }

    fn of_defective(named: &Named) -> Self {
        let is_listed = named.name == named.base.name;
        match named.base.harm {
            Some(Harm::Divergence) if is_listed => Self::Divergences,
            Some(Harm::Outage) if is_listed => Self::Outages,
            Some(Harm::Assertion(class) | Harm::Session(class)) if is_listed => {
                Self::assertion(class)
            }
            _ => Self::Losses,
        }
    }

    /// What to look for in this variant where clients queue for a lock: in the reference everything all the same.
    pub fn of_locks(named: &Named) -> Self {
        match Self::of(named) {
            Self::Any => Self::Any,
            _ => Self::Locks,
        }
    }

    /// What to look for when this bug is to show in whatever variant.
    pub fn of_bug(bug: &Bug) -> Self {
        match bug.harm {
            Harm::Outage => Self::Outages,
            Harm::Assertion(class) | Harm::Session(class) => Self::assertion(class),
            Harm::Loss | Harm::Divergence => Self::Divergences,
        }
    }

    fn assertion(class: &str) -> Self {
        Self::Only(Class::parse(class).expect("the catalogue has classes of the checker's"))
    }

    /// Whether they are all about what a lock, or a session, promises.
    pub const fn is_about_locks(self) -> bool {
        match self {
            Self::Locks => true,
            Self::Only(class) => class.is_about_locks(),
            Self::Losses | Self::Divergences | Self::Outages | Self::Any => false,
        }
    }

    /// Whether an execution with this class is a finding.
    pub fn wants(self, class: Class) -> bool {
        match self {
            Self::Losses => class.is_loss(),
            Self::Divergences => {
                class.is_loss() || matches!(class, Class::O3 | Class::O6 | Class::O8)
            }
            Self::Outages => matches!(class, Class::O5 | Class::O9 | Class::D5),
            Self::Locks => class.is_about_locks(),
            Self::Any => true,
            Self::Only(wanted) => wanted == class,
        }
    }
}

/// A schedule that broke a wanted rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The schedule.
    pub schedule: Schedule,
    /// How it was judged.
    pub outcome: Outcome,
    /// Which execution of its thread it was, counted from 1.
    pub execution: u64,
    /// Which thread, counted from 0.
    pub island: usize,
    /// The defects it needs, if the campaign tells findings apart.
    pub defects: Vec<&'static Switch>,
    /// How many executions came about in this way.
    pub seen: u64,
}

/// What came of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One finding for each way: a class that was broken, and the defects that suffice for it.
    pub findings: Vec<Finding>,
    /// Executions of all threads.
    pub executions: u64,
    /// Executions without a decision.
    pub unknown: u64,
    /// Executions after which the ensemble did not have to serve again.
    pub excused: u64,
    /// Executions that broke a rule which is not wanted, by class.
    pub unwanted: BTreeMap<Class, u64>,
    /// Executions of each size of ensemble.
    pub sizes: BTreeMap<u8, u64>,
    /// Distinct abstract states.
    pub states: usize,
    /// Executions that got into each delicate situation.
    pub census: Census,
    /// Wall-clock time.
    pub elapsed: Duration,
    /// A schedule that made the simulator or a server panic, and its message.
    pub panic: Option<(Schedule, String)>,
    /// Whoever watches has ended it before its time.
    pub interrupted: bool,
}

impl Report {
    /// The first finding, and how grave and how clear it is.
    pub fn first(&self) -> Option<(&Finding, Rank)> {
        self.findings.first().and_then(|found| Some((found, found.outcome.rank()?)))
    }

    /// Adds what came of another part of the same search. States are those of the richest part:
    /// which of them the parts have in common is not known.
    pub(crate) fn add(&mut self, part: Self) {
        self.executions += part.executions;
        self.unknown += part.unknown;
        self.excused += part.excused;
        self.states = self.states.max(part.states);
        self.elapsed += part.elapsed;
        self.census.add(&part.census);
        for (class, count) in part.unwanted {
            *self.unwanted.entry(class).or_default() += count;
        }
        for (servers, count) in part.sizes {
            *self.sizes.entry(servers).or_default() += count;
        }
        self.panic = self.panic.take().or(part.panic);
        self.findings.extend(part.findings);
        self.interrupted |= part.interrupted;
    }
}

/// How a campaign is doing, for whoever watches.
#[derive(Copy, Clone, Debug)]
pub struct Progress {
    /// Findings so far, each thread's.
    pub findings: usize,
    /// Executions so far.
    pub executions: u64,
    /// Distinct abstract states so far.
    pub states: usize,
    /// Wall-clock time so far.
    pub elapsed: Duration,
}

/// Follows a campaign while it runs.
pub trait Watch: Sync {
    /// Is told of its progress every now and then, and may end it.
    fn look(&self, progress: Progress) -> ControlFlow<()>;

    /// Is shown each finding as soon as there is one, in the thread that made it: the process may
    /// not live to see the report.
    fn found(&self, campaign: &Campaign, finding: &Finding);
}

/// Who only looks.
struct Looking<'a>(&'a (dyn Fn(Progress) -> ControlFlow<()> + Sync));

impl Watch for Looking<'_> {
    fn look(&self, progress: Progress) -> ControlFlow<()> {
        (self.0)(progress)
    }

    fn found(&self, _: &Campaign, _: &Finding) {}
}

/// Runs the campaign. `look` is told of its progress every now and then, and may end it.
pub fn run(campaign: &Campaign, look: &(dyn Fn(Progress) -> ControlFlow<()> + Sync)) -> Report {
    run_watched(campaign, &Looking(look))
}

/// Runs the campaign, and reports each finding as soon as it is made.
pub fn run_watched(campaign: &Campaign, watch: &dyn Watch) -> Report {
    let shared = Shared::new(watch);
    let parts: Vec<Report> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..campaign.jobs.max(1))
            .map(|number| {
                let thread = Thread::new(campaign, number, &shared);
                scope.spawn(move || thread.run())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread catches the panics of its executions"))
            .collect()
    });
    let mut report = shared.report();
    for part in parts {
        report.add(part);
    }
    report.findings.sort_by_key(|finding| (finding.execution, finding.island));
    if !campaign.keep_going {
        // Some threads went on for a while, as long as it takes to know what the others found.
        let best = shared.best();
        report.findings.retain(|finding| finding.execution <= best);
        report.findings.sort_by_key(|finding| finding.outcome.rank());
    }
    report.findings =
        distinct(std::mem::take(&mut report.findings), Finding::way, |finding| &mut finding.seen);
    if !campaign.keep_going {
        report.findings.truncate(1);
    }
    report
}

/// What a panic said.
pub fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "no message".to_owned())
}
