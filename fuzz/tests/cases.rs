//! A bug is a file: one test for each stored case, of the same name. It shows its violation in its
//! variant, and the reference does not, in any driver.

use std::cell::RefCell;
use std::path::Path;
use zab_fuzz::corpus::Examiner;

thread_local! {
    static EXAMINER: RefCell<Examiner> = RefCell::default();
}

fn is_what_it_says(path: &Path) -> datatest_stable::Result<()> {
    EXAMINER.with_borrow_mut(|examiner| examiner.examine(path))?;
    Ok(())
}

datatest_stable::harness! {
    { test = is_what_it_says, root = "cases", pattern = r"\.json$" },
}
