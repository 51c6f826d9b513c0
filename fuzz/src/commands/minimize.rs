//! `zab minimize`: shrink a stored case further.

use super::explore;
use super::output::Out;
use super::{Exit, Failure, hold_in_option, quoted, read_case, ready_folder, write_case};
use crate::case::{Case, Driver, Expected, FORMAT, Provenance, Told};
use crate::causes::{Cause, causes, find, needs};
use crate::hold::HoldIn;
use crate::minimize::{Minimized, minimize};
use crate::oracle::Oracle;
use crate::search::{Campaign, Finding};
use crate::verdict::exposes;
use serde_json::json;
use std::path::{Path, PathBuf};
use zab_checker::Class;
use zab_checker::verdict::Rank;
use zab_core::variant::Named;
use zab_sim::schedule::{ClientOp, KEYS, Kind};
use zab_sim::{Act, Schedule};

/// How many schedules are run to find one that says the same as a list of steps.
const EXECUTIONS: u64 = 20_000;

/// Shrink a failing case; its violation class stays the same
///
/// For a file that `zab explore` wrote, it looks for a schedule that breaks the same rule through the
/// same defects, and stores that as a case; if it finds none, it ends with 3.
///
/// Example: `cargo zab minimize findings/zookeeper-4643.json`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file that `zab hunt` or `zab explore` wrote
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// What runs the simulation [default: what ran it before]
    #[arg(long, value_enum, value_name = "D")]
    driver: Option<Driver>,
    /// The case breaks the same class here as well, and must still do so when it is smaller
    #[arg(long, value_enum, value_name = "D", value_delimiter = ',')]
    hold_in: Vec<HoldIn>,
    /// For a file that `zab explore` wrote: how many schedules to try
    #[arg(long, default_value_t = EXECUTIONS, value_name = "N")]
    executions: u64,
    /// Where to write the smaller case [default: beside the given one]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let folder = args.out.clone().or_else(|| args.case.parent().map(Path::to_path_buf));
    let folder = folder.unwrap_or_default();
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    ready_folder(&folder, "--out")?;
    let mut command = format!("cargo zab minimize {}", quoted(&args.case));
    if let Some(driver) = args.driver {
        command += &format!(" --driver {}", driver.name());
    }
    command += &hold_in_option(&args.hold_in);
    if args.executions != EXECUTIONS {
        command += &format!(" --executions {}", args.executions);
    }
    if let Some(folder) = &args.out {
        command += &format!(" --out {}", quoted(folder));
    }
    if let Some(trail) = explore::read(&args.case)? {
        if !args.hold_in.is_empty() {
            return Err(Failure::usage("--hold-in: minimize the case that is made of it instead"));
        }
        out.command(&command);
        let oracle = Oracle::new(args.driver.unwrap_or_default());
        return explore::convert((&args.case, &trail), oracle, args.executions, &folder, out);
    }
    let case = read_case(&args.case)?;
    out.command(&command);
    let class = promised(&case.expected, &args.case)?;
    let mut oracle = Oracle::new(args.driver.unwrap_or(case.driver));
    let others = args.hold_in.iter().filter(|other| !other.is(oracle.driver()));
    let mut others: Vec<_> = others.map(|other| (other.name(), other.oracle())).collect();
    let named = case.named();
    let mut rank = None;
    let own = (oracle.driver().name(), &mut oracle);
    let all = std::iter::once(own).chain(others.iter_mut().map(|(name, other)| (*name, other)));
    for (name, oracle) in all {
        let found = oracle.judge(&case.schedule, named.releases()).rank();
        rank = rank.max(found);
        if found.map(Rank::class) != Some(class) {
            let path = args.case.display();
            let what = format!("{path}: does not show {class} in {name}: {command}");
            return Err(Failure { exit: Exit::NotReproduced, what });
        }
    }
    let mut others: Vec<_> = others.into_iter().map(|(_, other)| other).collect();
    // What it was shown to need it shall still need.
    let mut needed = case.defects.iter().filter_map(|name| find(&named, name).ok());
    let cause = needed.find(|c| needs(&mut oracle, &case.schedule, named.releases(), class, *c));
    let rank = rank.ok_or_else(|| Failure::harness("no driver ran the case"))?;
    let shown = Shown { named: &named, rank, cause };
    let smaller = shrink(&mut oracle, &mut others, shown, &case.schedule, case.provenance)
        .map_err(|failure| Failure { what: format!("{}: {command}", failure.what), ..failure })?;
    let path = write_case(&smaller, &folder)?;
    let (before, after) = (case.schedule.actions.len(), smaller.schedule.actions.len());
    let executions = smaller.provenance.minimizing;
    out.line(format!("{before} actions before, {after} after, {executions} executions"));
    out.line(format!("case:   {}", path.display()));
    out.line(format!("replay: cargo zab replay {}", quoted(&path)));
    out.json(&json!({
        "case": path.display().to_string(),
        "class": class.name(),
        "actions_before": before,
        "actions": after,
        "executions": executions,
    }));
    Ok(Exit::Clean)
}

/// The variant without an upgrade that does not happen.
fn needed_of(named: &Named, schedule: &Schedule) -> Named {
    let upgrades = schedule.actions.iter().any(|action| Kind::of(&action.act) == Kind::Upgrade);
    if upgrades { named.clone() } else { named.variants().swap_remove(0) }
}

/// The schedule with one of its writes in a register that no other write is for, one way for each
/// write.
fn apart(schedule: &Schedule) -> Vec<Schedule> {
    let is_write =
        |act: &Act| matches!(act, Act::Client { op: ClientOp::Write | ClientOp::WriteIf, .. });
    let writes = schedule.actions.iter().enumerate().filter(|(_, action)| is_write(&action.act));
    let alone = writes.filter_map(|(place, action)| {
        let Act::Client { key: own, .. } = action.act else { return None };
        let mut candidate = schedule.clone();
        for (other, action) in candidate.actions.iter_mut().enumerate() {
            if let Act::Client { key, op: ClientOp::Write | ClientOp::WriteIf, .. } =
                &mut action.act
                && other != place
                && *key == own
            {
                *key = (own + 1) % KEYS as u8;
            }
        }
        Some(candidate)
    });
    alone.collect()
}

/// What a minimized schedule has to show, as the one to minimize does.
#[derive(Copy, Clone)]
pub(super) struct Shown<'a> {
    /// This variant,
    pub(super) named: &'a Named,
    /// breaking this class, at least as convincingly,
    pub(super) rank: Rank,
    /// because of this.
    pub(super) cause: Option<Cause>,
}

impl Shown<'_> {
    fn by(self, oracle: &mut Oracle, schedule: &Schedule) -> bool {
        let Self { named, rank, cause } = self;
        let class = rank.class();
        let found = oracle.judge(schedule, named.releases()).rank();
        found.is_some_and(|found| found.class() == class && found <= rank)
            && cause.is_none_or(|cause| needs(oracle, schedule, named.releases(), class, cause))
            && match cause {
                // Where a bug is asked for, its neighbors have to show it too.
                Some(Cause::Bug(bug)) => exposes(oracle, schedule, named.releases(), bug),
                _ => true,
            }
    }
}

/// The class that a file promises.
pub(super) fn promised(expected: &Expected, path: &Path) -> Result<Class, Failure> {
    expected.class().ok_or_else(|| {
        let path = path.display();
        Failure::usage(format!("{path}: promises no violation, nothing to minimize"))
    })
}

/// Minimizes what a campaign found, with this rank, and makes a case of it.
pub(super) fn case_of(
    oracle: &mut Oracle,
    others: &mut [Oracle],
    named: &Named,
    campaign: &Campaign,
    (finding, rank): (&Finding, Rank),
) -> Result<Case, Failure> {
    let shown = Shown { named, rank, cause: campaign.cause };
    shrink(oracle, others, shown, &finding.schedule, origin_of(campaign, finding))
}

/// The case of what a campaign found, from nothing but what is known without another execution: it
/// has no story, and the defects only if the campaign tells findings apart. `None` without a violation.
pub(super) fn case_as_found(named: &Named, campaign: &Campaign, found: &Finding) -> Option<Case> {
    Some(Case {
        format: FORMAT,
        variant: named.name.clone(),
        driver: campaign.driver,
        expected: Expected::of(&found.outcome.verdict)?,
        shown_in: None,
        confirmed: Vec::new(),
        defects: found.defects.iter().map(|switch| switch.name.to_owned()).collect(),
        provenance: origin_of(campaign, found),
        schedule: found.schedule.clone(),
        story: Vec::new(),
    })
}

fn origin_of(campaign: &Campaign, finding: &Finding) -> Provenance {
    Provenance {
        tool: Provenance::tool(),
        seed: campaign.seed,
        execution: finding.execution,
        minimizing: 0,
        actions_before: finding.schedule.actions.len(),
    }
}

/// Minimizes a schedule and makes a case of it. Every schedule on the way there shows the same in
/// the other worlds, if there are any; they are asked last, because they may be slow.
pub(super) fn shrink(
    oracle: &mut Oracle,
    others: &mut [Oracle],
    mut shown: Shown<'_>,
    schedule: &Schedule,
    provenance: Provenance,
) -> Result<Case, Failure> {
    let (named, class) = (shown.named, shown.rank.class());
    let mut minimized = Minimized { schedule: schedule.clone(), executions: 0 };
    loop {
        let mut shows = |candidate: &Schedule| {
            shown.by(oracle, candidate) && others.iter_mut().all(|other| shown.by(other, candidate))
        };
        let smaller = minimize(&minimized.schedule, &mut shows).map_err(Failure::harness)?;
        let executions = minimized.executions + smaller.executions;
        minimized = Minimized { executions, ..smaller };
        if shown.rank.is_convincing() {
            break;
        }
        // What a later write covers up, no client can see: let it write elsewhere.
        let clearer = apart(&minimized.schedule).into_iter().find_map(|candidate| {
            let rank = oracle.judge(&candidate, named.releases()).rank()?;
            let is_clearer = rank.class() == class && rank < shown.rank;
            is_clearer.then_some((candidate, Shown { rank, ..shown }))
        });
        let Some((schedule, clearer)) = clearer else { break };
        let holds = clearer.by(oracle, &schedule)
            && others.iter_mut().all(|other| clearer.by(other, &schedule));
        if !holds {
            break;
        }
        (shown, minimized.schedule) = (clearer, schedule);
    }
    let named = needed_of(named, &minimized.schedule);
    let defects = causes(oracle, &minimized.schedule, named.releases(), class, shown.cause);
    let Told { expected, shown_in, story } =
        Told::of(oracle, &minimized.schedule, named.releases())
            .ok_or_else(|| Failure::harness("the minimized schedule is not decided any more"))?;
    Ok(Case {
        format: FORMAT,
        variant: named.name,
        driver: oracle.driver(),
        expected,
        shown_in,
        confirmed: Vec::new(),
        defects: defects.iter().map(|switch| switch.name.to_owned()).collect(),
        provenance: Provenance {
            tool: Provenance::tool(),
            minimizing: provenance.minimizing + minimized.executions,
            ..provenance
        },
        schedule: minimized.schedule,
        story,
    })
}
