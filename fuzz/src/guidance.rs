//! What a search learns from: nothing, the edges of the code that ran, the states of the ensemble,
//! or both. Only for comparing them; a hunt uses [`Guidance::States`].
//!
//! States are the states of the ensemble together with what is at stake: how few disks hold what is
//! committed, and whether a server that lacks it would be elected. A loss comes in such steps, each of
//! which makes the next more likely; what makes two steps is kept and tried again. What needs little,
//! such as ZOOKEEPER-2845, is found by chance, in the 300 fresh schedules that each search begins with,
//! before there is anything to learn from.
//!
//! Edges say that code ran, not that anything came nearer to a loss, and counting them halves the
//! speed: with both, ZOOKEEPER-4646 once took a third of the executions and two thirds of the time.

use clap::ValueEnum;

/// What makes a schedule worth keeping.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Guidance {
    /// Nothing: every schedule is a fresh one.
    Random,
    /// Edges of the code. Needs an instrumented build (`fuzz/instrument`), and one thread.
    Edges,
    /// States of the ensemble, and how near they came to a loss.
    #[default]
    States,
    /// Edges and states.
    Both,
}

impl Guidance {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Random, Self::Edges, Self::States, Self::Both];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Edges => "edges",
            Self::States => "states",
            Self::Both => "both",
        }
    }

    /// Whether it looks at edges of the code.
    pub const fn has_edges(self) -> bool {
        matches!(self, Self::Edges | Self::Both)
    }

    /// Whether it looks at states of the ensemble.
    pub const fn has_states(self) -> bool {
        matches!(self, Self::States | Self::Both)
    }
}
