//! `zab corpus remint`: the whole stored corpus again, from the variants and their defects.
//!
//! The world of a later build is another one: stored schedules lose their meaning, and a corpus that
//! is only ever added to says what was once found and not what can be. So it is minted from what the
//! catalogue says: for each single defect the clearest case of each class, for each release the
//! clearest loss through each of its defects. Cases that are valid on purpose stay as they are.

use super::minimize::case_of;
use super::output::Out;
use super::parallel::{Jobs, in_parallel};
use super::progress::Meter;
use super::{CASES, Exit, Failure, ready_folder, stored, write_case};
use crate::case::{Case, Driver};
use crate::causes::Cause;
use crate::hold::HoldIn;
use crate::oracle::Oracle;
use crate::search::{self, Campaign, Limit, Wanted};
use crate::variants;
use clap::ValueEnum;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use zab_checker::Class;
use zab_checker::verdict::Rank;
use zab_core::variant::{CATALOGUE, Kind, Named};

/// What a client or an operator can see, gravest first: a single defect gets a case of each that it
/// leads to.
const CLASSES: [Class; 7] =
    [Class::O1, Class::O2, Class::O6, Class::O3, Class::O8, Class::O9, Class::D5];

/// Make all stored cases again, from every variant and each of its defects
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the cases are; those of the classes that it looks for are replaced
    #[arg(long, default_value = CASES, value_name = "DIR")]
    out: PathBuf,
    /// Only these variants, from the catalogue or any other; cases of others stay
    #[arg(long, value_name = "V", value_delimiter = ',')]
    only: Vec<String>,
    /// Searches for each case; the clearest result is kept
    #[arg(long, default_value_t = 3, value_name = "N")]
    seeds: u64,
    /// Executions per search
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    runs: u64,
    #[command(flatten)]
    jobs: Jobs,
}

/// A case that the corpus should have.
struct Wish {
    named: Named,
    cause: Option<Cause>,
    wanted: Wanted,
}

impl Wish {
    fn all(only: &[String]) -> Result<Vec<Self>, Failure> {
        if only.is_empty() {
            return Ok(CATALOGUE
                .iter()
                .map(Named::from)
                .flat_map(|named| Self::of(&named))
                .collect());
        }
        let named = only.iter().map(|name| variants::find(name).map_err(Failure::usage));
        let wishes = named.map(|named| Ok(Self::of(&named?)));
        Ok(wishes.collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect())
    }

    fn of(named: &Named) -> Vec<Self> {
        let wish = |cause, wanted| Self { named: named.clone(), cause, wanted };
        match named.kind {
            Kind::Reference => Vec::new(),
            Kind::Defect => match Wanted::of(named) {
                assertion @ Wanted::Only(_) => vec![wish(None, assertion)],
                _ => CLASSES.iter().map(|class| wish(None, Wanted::Only(*class))).collect(),
            },
            Kind::Release | Kind::Proposal => {
                let causes = named.switches().map(Cause::Defect);
                causes.map(|cause| wish(Some(cause), Wanted::Losses)).collect()
            }
        }
    }

    fn name(&self) -> String {
        let Self { named, cause, wanted } = self;
        let what = match wanted {
            Wanted::Only(class) => class.name(),
            _ => "a loss",
        };
        match cause {
            Some(cause) => format!("{what} in {} through {cause}", named.name),
            None => format!("{what} in {}", named.name),
        }
    }

    /// Where else what is found has to show the same: in every driver. What is lost in a release shall be
    /// carried out on its servers, so it is looked for among their limits first.
    fn worlds(&self) -> Vec<Vec<HoldIn>> {
        let drivers = Driver::value_variants().iter().filter(|d| **d != Driver::default());
        let drivers: Vec<_> = drivers.map(|driver| HoldIn::Driver(*driver)).collect();
        match self.named.kind {
            Kind::Release => vec![[drivers.as_slice(), &[HoldIn::RealLimits]].concat(), drivers],
            Kind::Reference | Kind::Defect | Kind::Proposal => vec![drivers],
        }
    }

    /// The clearest case of a few searches, if they find any.
    fn mint(&self, args: &Args) -> Result<Option<Case>, Failure> {
        for worlds in self.worlds() {
            let case = self.mint_in(&worlds, args)?;
            if case.is_some() {
                return Ok(case);
            }
        }
        Ok(None)
    }

    fn mint_in(&self, worlds: &[HoldIn], args: &Args) -> Result<Option<Case>, Failure> {
        let mut clearest: Option<(Key, Case)> = None;
        for seed in 1..=args.seeds {
            let Some((rank, case)) = self.search(worlds, seed, args.runs)? else {
                continue;
            };
            let key = (rank, case.defects.len(), case.schedule.actions.len(), seed);
            if clearest.as_ref().is_none_or(|(best, _)| key < *best) {
                clearest = Some((key, case));
            }
        }
        Ok(clearest.map(|(_, case)| case))
    }

    /// One search; what it finds holds in these worlds as well.
    fn search(
        &self,
        worlds: &[HoldIn],
        seed: u64,
        runs: u64,
    ) -> Result<Option<(Rank, Case)>, Failure> {
        let Self { ref named, cause, wanted } = *self;
        let campaign = Campaign {
            wanted,
            cause,
            hold_in: worlds.to_vec(),
            ..Campaign::new(named, seed, Limit::Runs(runs))
        };
        let report = search::run(&campaign, &|_| ControlFlow::Continue(()));
        if let Some((_, message)) = report.panic {
            return Err(Failure::harness(format!("{}: {message}", self.name())));
        }
        let Some((finding, rank)) = report.first() else {
            return Ok(None);
        };
        let mut oracle = Oracle::new(campaign.driver);
        let mut others = campaign.others();
        let case = case_of(&mut oracle, &mut others, named, &campaign, (finding, rank))?;
        let rank = oracle.judge(&case.schedule, named.releases()).rank().unwrap_or(rank);
        Ok(Some((rank, case)))
    }
}

/// What makes a case clear: less is clearer.
type Key = (Rank, usize, usize, u64);

pub(super) fn run(args: &Args, out: &Out) -> Result<Exit, Failure> {
    let wishes = Wish::all(&args.only)?;
    ready_folder(&args.out, "--out")?;
    let minted = mint_all(&wishes, args, out);
    let old: BTreeMap<_, _> = stored(&args.out)?.into_iter().collect();
    // What a search failed for keeps the cases that it has.
    let failed = wishes.iter().zip(&minted).filter(|(_, result)| result.is_err());
    let failed: BTreeSet<&str> = failed.map(|(wish, _)| wish.named.name.as_str()).collect();
    let is_minted = |case: &Case| {
        let of_it = |wish: &Wish| wish.named.name == case.variant;
        wishes.iter().any(of_it) && !failed.contains(case.variant.as_str())
    };
    let keep_confirmed = |case: Case| {
        let is_it =
            |known: &&Case| known.schedule == case.schedule && known.variant == case.variant;
        let confirmed = old.values().find(is_it).map(|known| known.confirmed.clone());
        Case { confirmed: confirmed.unwrap_or_default(), ..case }
    };
    // A release shows a mechanism once: not again with defects that it does not need.
    let mut by_variant: BTreeMap<String, Vec<(Case, u64)>> = BTreeMap::new();
    let (minted, failures): (Vec<_>, Vec<_>) = minted.into_iter().partition(Result::is_ok);
    for case in minted.into_iter().flatten().flatten().filter(is_minted) {
        by_variant.entry(case.variant.clone()).or_default().push((keep_confirmed(case), 1));
    }
    let distinct = |cases| search::distinct(cases, |(case, _): &(Case, _)| case.way(), |(_, n)| n);
    let cases: Vec<_> = by_variant.into_values().flat_map(distinct).collect();
    replace(&args.out, old.iter().filter(|(_, case)| is_minted(case)), &cases)?;
    out.good(format!("{} cases of {} wishes", cases.len(), wishes.len()));
    out.json(&json!({ "wishes": wishes.len(), "cases": cases.len(), "failed": failures.len() }));
    failures.into_iter().find_map(Result::err).map_or(Ok(Exit::Clean), Err)
}

/// Puts these cases in the place of those. Nothing is removed before all that is new is on the disk.
fn replace<'a>(
    folder: &Path,
    old: impl Iterator<Item = (&'a PathBuf, &'a Case)>,
    new: &[(Case, u64)],
) -> Result<(), Failure> {
    let write_all = |folder: &Path| {
        new.iter().try_for_each(|(case, _)| {
            let folder = folder.join(case.expected.class().map_or("valid", Class::name));
            fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
            write_case(case, &folder).map(|_| ())
        })
    };
    let copies = folder.join(".minted");
    fs::create_dir(&copies).map_err(|error| at(&copies, &error))?;
    write_all(&copies)?;
    let in_place = old
        .map(|(path, _)| fs::remove_file(path).map_err(|error| at(path, &error)))
        .collect::<Result<Vec<_>, _>>()
        .and_then(|_| write_all(folder));
    in_place.map_err(|failure| Failure {
        what: format!("{}; all new cases are in {}", failure.what, copies.display()),
        ..failure
    })?;
    fs::remove_dir_all(&copies).map_err(|error| at(&copies, &error))
}

/// Every wish, in the order of the list, whatever thread took it.
fn mint_all(wishes: &[Wish], args: &Args, out: &Out) -> Vec<Result<Option<Case>, Failure>> {
    let (meter, done) = (Meter::new(out, Limit::Runs(wishes.len() as u64)), AtomicU64::new(0));
    let minted = in_parallel(args.jobs.count(), wishes, |wish| {
        let result = wish.mint(args);
        let found = match &result {
            Ok(Some(case)) => format!("{} actions", case.schedule.actions.len()),
            Ok(None) => "not found".to_owned(),
            Err(failure) => failure.what.clone(),
        };
        meter.aside(|| out.remark(format!("{}: {found}", wish.name())));
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        meter.count(done, || format!("{done} of {} wishes", wishes.len()));
        result
    });
    meter.finish();
    minted
}

fn at(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
