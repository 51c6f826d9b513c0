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
    PowerLoss "power-loss",
    Kill "kill",
    StepDown "step-down",
    Cut "cut",
    Isolate "isolate",
    Clog "clog",
    Reset "reset",
    StallNode "stall-node",
    StallActor "stall-actor",
    StallDisk "stall-disk",
    FlushError "flush-error",
    Skew "skew",
    Swizzle "swizzle",
    HealAll "heal-all",
    WriteBack "write-back",
    WriteError "write-error",
    Upgrade "upgrade",
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

    /// What version 1 of the format called some kinds.
    pub const OLD_NAMES: [(&str, Self); 3] =
        [("crash", Self::PowerLoss), ("restart", Self::Kill), ("drop", Self::Reset)];

    /// The kind of that name, which may be an old one.
    pub fn named(name: &str) -> Option<Self> {
        let old = Self::OLD_NAMES.into_iter().find(|(old, _)| *old == name).map(|(_, kind)| kind);
        old.or_else(|| Self::ALL.into_iter().find(|kind| kind.name() == name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
