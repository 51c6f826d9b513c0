//! The kinds of action, as a list: the only one.

use super::Act;
use std::fmt;

/// Makes [`Kind`] out of the names that the kinds have here and in schedules, in the order of their
/// codes in the binary form.
macro_rules! kinds {
    ($($kind:ident $name:literal,)*) => {
        /// The kinds of action.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("[`Act::", stringify!($kind), "`]")] $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$kind),*];

            /// The kind of this action.
            pub const fn of(act: &Act) -> Self {
                match act {
                    $(Act::$kind { .. } => Self::$kind,)*
                }
            }

            /// Its name in schedules.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    Client "client",
    Crash "crash",
    Restart "restart",
    StepDown "step-down",
    Cut "cut",
    Isolate "isolate",
    Clog "clog",
    Drop "drop",
    StallNode "stall-node",
    StallActor "stall-actor",
    StallDisk "stall-disk",
    FlushError "flush-error",
    Skew "skew",
    Swizzle "swizzle",
    HealAll "heal-all",
}

impl Kind {
    /// Every kind that a client does not ask for.
    pub const FAULTS: [Self; Self::ALL.len() - 1] = {
        let mut faults = [Self::HealAll; Self::ALL.len() - 1];
        let mut i = 0;
        while i < faults.len() {
            faults[i] = Self::ALL[i + 1];
            i += 1;
        }
        faults
    };

    /// The kind of fault of that name.
    pub fn fault(name: &str) -> Option<Self> {
        Self::FAULTS.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
