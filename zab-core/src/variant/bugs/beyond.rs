//! Bugs that the model cannot express, and why not.

use super::Bug;

pub(super) const BUGS: &[Bug] = &[];
