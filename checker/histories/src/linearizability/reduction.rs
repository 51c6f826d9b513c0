//! What a failing list of operations can do without.

use super::Budget;
use std::ops::Range;

/// A list that fails, and what may be left out of it.
pub(crate) trait Failing {
    /// An operation, as the list holds it.
    type Item: Clone;

    /// Whether it may be left out, as far as it alone is concerned.
    fn may_go(&self, item: &Self::Item) -> bool;

    /// Whether leaving `update` out could make the answer of `other` wrong, or change its effect.
    fn needs(&self, other: &Self::Item, update: &Self::Item) -> bool;

    /// Whether this part fails as well.
    fn fails(&self, kept: &[Self::Item]) -> bool;
}

/// How many checks are left, and what each may cost.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Checks<'a> {
    pub(crate) left: usize,
    pub(crate) budget: Budget<'a>,
}

impl Checks<'_> {
    /// Whether one more is allowed.
    fn take(&mut self) -> bool {
        if self.budget.is_time_up.is_some_and(|is_time_up| is_time_up()) {
            self.left = 0;
        }
        self.left > 0
    }

    /// Leaves out all that can be: chunks, large ones first, until nothing goes.
    pub(crate) fn reduce<F: Failing>(&mut self, failing: &F, kept: &mut Vec<F::Item>) {
        while self.sweep(failing, kept) {}
    }

    /// The same, once down to single operations. True if any went.
    pub(crate) fn sweep<F: Failing>(&mut self, failing: &F, kept: &mut Vec<F::Item>) -> bool {
        let before = kept.len();
        let mut size = before.div_ceil(2).max(1);
        loop {
            let mut end = kept.len();
            while end > 0 && self.take() {
                let start = end.saturating_sub(size);
                if let Some(fewer) = without(failing, kept, start..end) {
                    self.left -= 1;
                    if failing.fails(&fewer) {
                        *kept = fewer;
                    }
                }
                end = start;
            }
            if size == 1 || self.left == 0 {
                return kept.len() < before;
            }
            size = size.div_ceil(2);
        }
    }
}

/// The list without those in the range that may go and that nothing else needs; none if that is
/// the whole list.
fn without<F: Failing>(failing: &F, kept: &[F::Item], range: Range<usize>) -> Option<Vec<F::Item>> {
    let stays = |at: usize| !range.contains(&at) || !failing.may_go(&kept[at]);
    let mut stays: Vec<bool> = (0..kept.len()).map(stays).collect();
    let is_needed = |update: usize, stays: &[bool]| {
        let mut others = kept.iter().zip(stays).filter(|(_, stays)| **stays);
        others.any(|(other, _)| failing.needs(other, &kept[update]))
    };
    while let Some(at) = range.clone().find(|at| !stays[*at] && is_needed(*at, &stays)) {
        stays[at] = true;
    }
    if stays.iter().all(|stays| *stays) {
        return None;
    }
    let staying = kept.iter().zip(&stays).filter(|(_, stays)| **stays);
    Some(staying.map(|(item, _)| item.clone()).collect())
}
