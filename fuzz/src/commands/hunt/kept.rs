//! Findings on disk while the search still runs: whatever ends this process, what was announced is kept.
//!
//! A case that was found is made small only after the search, which may be hours later. Until then it
//! lies in the same folder as it was found, under a name of its own.

use crate::case::{self, render};
use crate::commands::minimize::case_as_found;
use crate::commands::output::Out;
use crate::commands::progress::Meter;
use crate::corpus;
use crate::search::{Campaign, Finding};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use zab_checker::verdict::Rank;
use zab_core::variant::Named;
use zab_sim::Schedule;

/// The findings of a hunt that have not been made small yet.
pub(super) struct Kept<'a> {
    named: &'a Named,
    folder: &'a Path,
    out: &'a Out,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeSet<PathBuf>,
    /// The gravest so far.
    best: Option<Rank>,
}

impl<'a> Kept<'a> {
    pub(super) fn new(named: &'a Named, folder: &'a Path, out: &'a Out) -> Self {
        Self { named, folder, out, state: Mutex::default() }
    }

    /// Writes a finding and announces it, in this order. A search for one finding keeps the gravest.
    pub(super) fn keep(&self, meter: &Meter, campaign: &Campaign, finding: &Finding) {
        let Some(rank) = finding.outcome.rank() else { return };
        // One thread at a time: what is announced is the gravest until then.
        let mut state = self.state.lock().expect("nothing panics while it holds the lock");
        if !campaign.keep_going && state.best.is_some_and(|best| best <= rank) {
            return;
        }
        state.best = Some(rank);
        let Some(case) = case_as_found(self.named, campaign, finding) else { return };
        let path = self.path(&finding.schedule);
        if let Err(error) = case::write(&case, &path) {
            let (path, text) = (path.display(), render(&case));
            let what = format!("{path}: cannot write: {error}; this is the case:\n{text}");
            meter.aside(|| self.out.failure(&what));
            return;
        }
        let (class, meaning, shown) = (rank.class(), rank.class().meaning(), path.display());
        meter.say(&format!("found {class}: {meaning}; until it is minimized it is in {shown}"));
        state.files.insert(path);
    }

    /// Where a finding lies until it is made small: equal schedules, equal names.
    fn path(&self, schedule: &Schedule) -> PathBuf {
        self.folder.join(format!("unminimized-{}.json", corpus::name(schedule)))
    }

    /// Removes what is superseded: this finding is kept as a minimized case, or as part of one.
    pub(super) fn supersede(&self, finding: &Finding) {
        let path = self.path(&finding.schedule);
        let mut state = self.state.lock().expect("nothing panics while it holds the lock");
        if state.files.remove(&path) {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Removes the rest: what is left came about in ways that the report tells of.
    pub(super) fn supersede_all(&self) {
        let mut state = self.state.lock().expect("nothing panics while it holds the lock");
        for path in std::mem::take(&mut state.files) {
            let _ = std::fs::remove_file(path);
        }
    }
}
