//! The kinds of action, as a table: the only one. What an action is called, which parts it has and what
//! each of them may be is here; both encodings, validation, repair and the generators go by it.

use super::Act;
use super::fields::Field;
use std::fmt;

/// Makes [`Kind`] out of the names that the kinds have here and in schedules, in the order of their
/// codes in the binary form, and of their parts, in the order in which they stand there.
macro_rules! kinds {
    ($($kind:ident $name:literal { $($part:ident: $range:ident),* })*) => {
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

            /// An action of this kind all parts of which are nothing yet.
            pub(super) fn blank(self) -> Act {
                match self {
                    $(Self::$kind => Act::$kind { $($part: Default::default()),* },)*
                }
            }
        }

        impl Act {
            /// Its parts, under their names in schedules.
            pub(super) fn fields(&mut self) -> impl Iterator<Item = (&'static str, Field<'_>)> {
                let fields: [Option<(&'static str, Field<'_>)>; PARTS_MAX] = match self {
                    $(Self::$kind { $($part),* } => {
                        let parts = [$((stringify!($part), Field::$range($part))),*];
                        let mut parts = parts.into_iter();
                        [(); PARTS_MAX].map(|()| parts.next())
                    })*
                };
                fields.into_iter().flatten()
            }
        }
    };
}

/// The most parts that a kind has.
const PARTS_MAX: usize = 4;

kinds! {
    Client "client" { client: Client, server: Server, op: Op, key: Key }
    PowerLoss "power-loss" { server: Server, disk: Disk, down_us: Span }
    Kill "kill" { server: Server, down_us: Span }
    StepDown "step-down" { server: Server }
    Cut "cut" { from: Server, to: Peer, both_ways: Flag, for_us: Span }
    Isolate "isolate" { server: Server, for_us: Span }
    Clog "clog" { from: Server, to: Peer, open_only: Flag, for_us: Span }
    Reset "reset" { a: Server, b: Peer }
    StallNode "stall-node" { server: Server, for_us: Span }
    StallActor "stall-actor" { server: Server, actor: Actor, for_us: Span }
    StallDisk "stall-disk" { server: Server, for_us: Span }
    FlushError "flush-error" { server: Server, file: File, for_us: Span }
    Skew "skew" { server: Server, per_mille: Skew, for_us: Span }
    Swizzle "swizzle" { mask: Mask, for_us: Span }
    HealAll "heal-all" {}
    WriteBack "write-back" { server: Server }
    WriteError "write-error" { server: Server, file: File, for_us: Span }
    Upgrade "upgrade" { server: Server, to: Release, down_us: Span }
    BlankDisk "blank-disk" { server: Server, down_us: Span }
    DiskFull "disk-full" { server: Server, file: File, for_us: Span }
    ReadOnly "read-only" { server: Server, file: File, for_us: Span }
    Purge "purge" { server: Server }
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
