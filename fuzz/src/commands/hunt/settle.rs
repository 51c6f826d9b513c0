//! Findings become cases: each is minimized, written, told, and only then is its first version removed.

use super::found::tell;
use super::kept::Kept;
use crate::case::{Case, render};
use crate::commands::minimize::case_of;
use crate::commands::output::Out;
use crate::commands::{Failure, write_case};
use crate::files::write_whole;
use crate::oracle::Oracle;
use crate::search::{Campaign, Finding, Way, message_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use zab_core::variant::Named;
use zab_sim::Schedule;

/// A finding, and the minimized case of it.
pub(super) struct Settled<'a> {
    pub(super) finding: &'a Finding,
    pub(super) case: Case,
    /// How many executions came about in this way.
    pub(super) seen: u64,
}

impl Settled<'_> {
    pub(super) fn way(&self) -> Way<'_> {
        self.case.way()
    }
}

/// What the findings of a hunt have in common.
pub(super) struct Settling<'a> {
    pub(super) named: &'a Named,
    pub(super) campaign: &'a Campaign,
    /// The command that repeats the hunt.
    pub(super) command: &'a str,
    pub(super) out: &'a Out,
}

impl Settling<'_> {
    /// Minimizes findings, writes them into the folder and tells each that is not another one again.
    pub(super) fn settle<'a>(
        &self,
        findings: &'a [Finding],
        folder: &Path,
        kept: &Kept<'_>,
    ) -> Result<Vec<(PathBuf, Settled<'a>)>, Failure> {
        let mut oracle = Oracle::new(self.campaign.driver);
        let mut others = self.campaign.others();
        let mut cases: Vec<(PathBuf, Settled<'_>)> = Vec::new();
        let mut all_written = true;
        for finding in findings {
            let case = self.minimized(&mut oracle, &mut others, finding, folder)?;
            let one = Settled { finding, case, seen: finding.seen };
            // What looked different may shrink to the same.
            let covers = |(_, known): &&mut (PathBuf, Settled<'_>)| known.way().covers(&one.way());
            if let Some((_, known)) = cases.iter_mut().find(covers) {
                known.seen += one.seen;
                continue;
            }
            // Written before the next one is made small: whatever ends this process, it is kept.
            let (path, is_written) = self.write(&one.case, folder);
            if is_written {
                kept.supersede(finding);
            }
            all_written &= is_written;
            tell(self.out, &mut oracle, &one, &path);
            cases.push((path, one));
        }
        if all_written {
            kept.supersede_all();
        }
        Ok(cases)
    }

    fn minimized(
        &self,
        oracle: &mut Oracle,
        others: &mut [Oracle],
        finding: &Finding,
        folder: &Path,
    ) -> Result<Case, Failure> {
        let Self { named, campaign, command, .. } = *self;
        // A schedule on the way to a smaller one may meet an assertion: that is told as well.
        let minimizing = AssertUnwindSafe(|| {
            let rank = finding.outcome.rank().ok_or_else(|| {
                Failure::harness(format!("a finding without a violation: {command}"))
            })?;
            case_of(oracle, others, named, campaign, (finding, rank)).map_err(|failure| Failure {
                what: format!("{}: {command}", failure.what),
                ..failure
            })
        });
        catch_unwind(minimizing).unwrap_or_else(|panic| {
            let message = message_of(panic.as_ref());
            Err(panicked(folder, &finding.schedule, &message, command))
        })
    }

    /// Writes a case, and says where and whether; where it cannot be written it goes to the terminal.
    fn write(&self, case: &Case, folder: &Path) -> (PathBuf, bool) {
        match write_case(case, folder) {
            Ok(path) => (path, true),
            Err(failure) => {
                let text = render(case);
                self.out.failure(&format!("{}; this is the case:\n{text}", failure.what));
                (folder.join(format!("{}.json", case.name())), false)
            }
        }
    }
}

/// A server or the simulator panicked: an assertion is a finding too, but one about this suite.
pub(super) fn panicked(
    folder: &Path,
    schedule: &Schedule,
    message: &str,
    command: &str,
) -> Failure {
    let path = folder.join("panic.json");
    let text = serde_json::to_string_pretty(schedule).expect("a schedule has a JSON form");
    let kept = write_whole(&path, &text).map_or_else(
        |error| format!("its schedule could not be kept ({error})"),
        |()| format!("its schedule is in {}", path.display()),
    );
    let message = message.replace('\n', " ");
    Failure::harness(format!("an execution panicked ({message}), {kept}; repeat with: {command}"))
}
