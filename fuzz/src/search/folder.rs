//! A folder through which searches share what they learned: on one machine or many, now or later.
//!
//! It holds one file for each schedule that came near to a loss, its bytes as libFuzzer keeps them, named
//! by their sum. So a folder may be the corpus of a fuzz target as well, and two folders are put together
//! by copying. A search reads it once, when it begins: what it finds depends on its seed and on what
//! the folder held then, and not on what others leave there meanwhile.

use crate::corpus::{self, ReadError};
use crate::files::write_whole;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use zab_sim::Schedule;

/// The folder, and what it held.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    schedules: Vec<Schedule>,
    /// Why something could not be left there, the first time.
    failure: Mutex<Option<String>>,
}

impl Folder {
    /// Reads every schedule in a folder, in the order of their names.
    ///
    /// # Errors
    ///
    /// Which file cannot be read, or is JSON of another kind.
    pub fn read(path: &Path) -> Result<Self, (PathBuf, ReadError)> {
        let files = corpus::files(&[path.to_path_buf()]);
        let files = files.map_err(|(path, error)| (path, error.into()))?;
        let read = |file: PathBuf| corpus::read(&file).map_err(|error| (file, error));
        let schedules = files.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_path_buf(), schedules, failure: Mutex::default() })
    }

    /// The same folder with what it holds now; what could not be left there is not forgotten.
    ///
    /// # Errors
    ///
    /// Which file cannot be read, or is JSON of another kind.
    pub fn again(&self) -> Result<Self, (PathBuf, ReadError)> {
        Ok(Self { failure: Mutex::new(self.failure()), ..Self::read(&self.path)? })
    }

    /// What it held when it was read.
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    /// Leaves schedules there, each written whole or not at all. Where it cannot, the search continues without.
    pub(super) fn leave<'a>(&self, schedules: impl IntoIterator<Item = &'a Schedule>) {
        // Two threads may have the same.
        let mut failure = self.failure.lock().expect("nothing panics while it holds the lock");
        for schedule in schedules {
            let path = self.path.join(corpus::name(schedule));
            if path.exists() {
                continue;
            }
            if let Err(error) = write_whole(&path, schedule.to_bytes())
                && !path.exists()
            {
                failure.get_or_insert(format!("{}: {error}", self.path.display()));
                return;
            }
        }
    }

    /// Why something could not be left there, if so.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().expect("nothing panics while it holds the lock").clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Campaign, Island, Limit, run};
    use crate::variants::find;
    use std::collections::BTreeSet;
    use std::ops::ControlFlow;
    use std::sync::Arc;

    fn campaign(seed: u64, folder: &Path) -> Campaign {
        let variant = find("stale-ack").expect("it is listed");
        let folder = Folder::read(folder).expect("a folder of schedules");
        let blank = Campaign::new(&variant, seed, Limit::Runs(400));
        Campaign { folder: Some(Arc::new(folder)), jobs: 2, ..blank }
    }

    fn names(folder: &Path) -> BTreeSet<String> {
        let folder = Folder::read(folder).expect("a folder of schedules");
        folder.schedules().iter().map(corpus::name).collect()
    }

    #[test]
    fn a_search_begins_with_what_others_have_left() {
        let place = tempfile::tempdir().expect("a folder");
        run(&campaign(1, place.path()), &|_| ControlFlow::Continue(()));
        let left = names(place.path());
        assert!(left.len() > 10, "{left:?}");

        let mut island = Island::of(&campaign(2, place.path()), 0);
        let begun: BTreeSet<String> =
            (0..left.len()).map(|_| corpus::name(&island.propose())).collect();
        assert_eq!(begun, left);
        // Then it searches by itself.
        assert!(!left.contains(&corpus::name(&island.propose())));
    }

    #[test]
    fn what_others_leave_meanwhile_makes_no_difference() {
        let (one, two) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for place in [&one, &two] {
            run(&campaign(1, place.path()), &|_| ControlFlow::Continue(()));
        }
        let next = [&one, &two].map(|place| campaign(2, place.path()));
        run(&campaign(3, two.path()), &|_| ControlFlow::Continue(()));
        let learned = next.map(|campaign| run(&campaign, &|_| ControlFlow::Continue(())).states);
        assert_eq!(learned[0], learned[1]);
    }

    #[test]
    fn what_cannot_be_left_is_told_and_ends_nothing() {
        let place = tempfile::tempdir().expect("a folder");
        let campaign = campaign(1, place.path());
        std::fs::remove_dir_all(place.path()).expect("it is there");
        let report = run(&campaign, &|_| ControlFlow::Continue(()));
        assert_eq!(report.executions, 400);
        let folder = campaign.folder.expect("it shares");
        let failure = folder.failure().expect("nothing could be left");
        assert!(failure.starts_with(&place.path().display().to_string()), "{failure}");
        // Nor is it forgotten by the next lap.
        std::fs::create_dir(place.path()).expect("it was removed");
        assert_eq!(folder.again().expect("a folder").failure(), Some(failure));
    }
}
