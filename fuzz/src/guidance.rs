//! What a search learns from: nothing, the edges of the code that ran, the states of the ensemble,
//! or both. Only for comparing them; a hunt uses [`Guidance::States`].

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
