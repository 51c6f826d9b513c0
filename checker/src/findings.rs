//! The violations found so far: the first of each class.

use crate::verdict::{Class, Verdict, Violation};
use zab_core::{Micros, NodeId};

/// The first violation of each class, and the event under examination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Gravest first.
    violations: Vec<Violation>,
    /// One bit a class.
    classes: u32,
    at: Micros,
    node: Option<NodeId>,
}

impl Findings {
    /// What follows is about an event at this time and place.
    pub(crate) fn about(&mut self, at: Micros, node: Option<NodeId>) {
        self.at = at;
        self.node = node;
    }

    /// What follows is about the execution as a whole, up to the last event.
    pub(crate) fn about_all(&mut self) {
        self.node = None;
    }

    /// A rule is broken; `what` is asked only for the first violation of its class.
    pub(crate) fn report(&mut self, class: Class, what: impl FnOnce() -> String) {
        let bit = 1 << class as u32;
        if self.classes & bit == 0 {
            self.classes |= bit;
            let violation = Violation { class, at: self.at, node: self.node, what: what() };
            let place = self.violations.partition_point(|v| v.class < class);
            self.violations.insert(place, violation);
        }
    }

    /// The gravest class found.
    pub(crate) fn gravest(&self) -> Option<Class> {
        self.violations.first().map(|violation| violation.class)
    }

    /// All, gravest first.
    pub(crate) fn all(&self) -> &[Violation] {
        &self.violations
    }

    /// The gravest violation, or this if nothing was found.
    pub(crate) fn verdict_or(&self, clean: Verdict) -> Verdict {
        self.violations.first().cloned().map_or(clean, Verdict::Violation)
    }
}
