//! A bug is a file: one test for each stored case, of the same name. In every driver it shows its
//! violation in its variant, and the reference does not. Those in the folder `valid` are schedules
//! that the reference failed once, or on which the drivers disagreed.

use std::cell::RefCell;
use std::path::Path;
use zab_fuzz::case::Judges;
use zab_fuzz::corpus::examine;

thread_local! {
    static JUDGES: RefCell<Judges> = RefCell::default();
}

fn is_what_it_says(path: &Path) -> datatest_stable::Result<()> {
    JUDGES.with_borrow_mut(|judges| examine(path, judges))?;
    Ok(())
}

datatest_stable::harness! {
    { test = is_what_it_says, root = "cases", pattern = r"\.json$" },
}
