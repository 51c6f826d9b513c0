//! Findings told apart by what they lose and through which defects.
//!
//! A release with a dozen defects loses writes in a thousand schedules, and whoever wants to mend it
//! asks in how many *ways*. A way is a class and a smallest set of defects that breaks it; who knows
//! that two defects lose a write learns nothing from a schedule in which they do so with a third.

use super::Finding;
use crate::case::Case;
use zab_checker::Class;

/// What is broken, and the defects that suffice for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way<'a> {
    class: Option<Class>,
    defects: Vec<&'a str>,
}

impl<'a> Way<'a> {
    /// This class, through the defects of these names.
    pub fn new(class: Option<Class>, defects: impl IntoIterator<Item = &'a str>) -> Self {
        Self { class, defects: defects.into_iter().collect() }
    }

    /// Whether the other way is this one, or this one with more defects than it needs.
    pub fn covers(&self, other: &Way<'_>) -> bool {
        self.class == other.class
            && self.defects.iter().all(|defect| other.defects.contains(defect))
    }
}

impl Finding {
    /// How it came about.
    pub fn way(&self) -> Way<'_> {
        Way::new(self.outcome.class(), self.defects.iter().map(|defect| defect.name))
    }
}

impl Case {
    /// How what it shows comes about.
    pub fn way(&self) -> Way<'_> {
        Way::new(self.expected.class(), self.defects.iter().map(String::as_str))
    }
}

/// One of each way, the first of the list; what it covers counts as seen once more.
pub fn distinct<T>(
    found: Vec<T>,
    way: impl Fn(&T) -> Way<'_>,
    seen: impl Fn(&mut T) -> &mut u64,
) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for mut one in found {
        if let Some(known) = kept.iter_mut().find(|known| way(known).covers(&way(&one))) {
            *seen(known) += *seen(&mut one);
            continue;
        }
        kept.retain_mut(|known| {
            let is_covered = way(&one).covers(&way(known));
            if is_covered {
                *seen(&mut one) += *seen(known);
            }
            !is_covered
        });
        kept.push(one);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_covers_those_with_more_defects_and_no_other_class() {
        let found: [(Class, &[&str], u64); 5] = [
            (Class::O1, &["shutdown", "trunc_unchecked"], 1),
            (Class::O2, &["shutdown"], 1),
            (Class::O1, &["shutdown"], 1),
            (Class::O1, &["shutdown", "snap_keeps_log"], 1),
            (Class::O1, &["snap_keeps_log"], 1),
        ];
        let ways = distinct(
            found.to_vec(),
            |(class, defects, _)| Way::new(Some(*class), defects.iter().copied()),
            |(_, _, seen)| seen,
        );
        let expected: [(Class, &[&str], u64); 3] = [
            (Class::O2, &["shutdown"], 1),
            (Class::O1, &["shutdown"], 3),
            (Class::O1, &["snap_keeps_log"], 1),
        ];
        assert_eq!(ways, expected);
    }
}
