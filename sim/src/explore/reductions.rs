//! What an exploration leaves out, and why nothing is lost by that.

/// A rule by which orders are left out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// Its name.
    pub name: &'static str,
    /// What is not tried.
    pub leaves_out: &'static str,
    /// Why that may be left out.
    pub because: &'static str,
}

/// All of them.
pub const REDUCTIONS: &[Reduction] = &[];
