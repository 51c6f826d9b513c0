//! The violations found so far: the first of each class.

use crate::detail::Detail;
use crate::hazards::Standard;
use crate::verdict::{Class, Verdict, Violation, When};
use zab_core::NodeId;

/// The first violation of each class, and the event under examination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Gravest first.
    violations: Vec<Violation>,
    /// One bit a class.
    classes: u64,
    when: When,
    node: Option<NodeId>,
}

impl Findings {
    /// What follows is about an event at this time and place.
    pub(crate) fn about(&mut self, when: When, node: Option<NodeId>) {
        self.when = when;
        self.node = node;
    }

    /// What follows is about this server.
    pub(crate) fn at_server(&mut self, node: NodeId) {
        self.node = Some(node);
    }

    /// What follows is about the execution as a whole, up to the last event.
    pub(crate) fn about_all(&mut self) {
        self.node = None;
    }

    /// A rule is broken; `detail` is asked only for the first violation of its class.
    pub(crate) fn report(&mut self, class: Class, detail: impl FnOnce() -> Detail) {
        let bit = 1 << class as u32;
        if self.classes & bit == 0 {
            self.classes |= bit;
            let Self { when, node, .. } = *self;
            let violation = Violation { class, when, node, detail: detail() };
            let place = self.violations.partition_point(|v| v.class < class);
            self.violations.insert(place, violation);
        }
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    /// All, gravest first.
    pub(crate) fn all(&self) -> &[Violation] {
        &self.violations
    }

    /// The gravest violation by this standard.
    pub(crate) fn gravest(&self, standard: Standard) -> Option<&Violation> {
        self.violations.iter().find(|violation| standard.counts(violation.class))
    }

    /// The gravest violation by this standard, or this if there is none.
    pub(crate) fn verdict_or(&self, standard: Standard, clean: Verdict) -> Verdict {
        self.gravest(standard).cloned().map_or(clean, Verdict::Violation)
    }
}
