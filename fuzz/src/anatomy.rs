//! The parts of an action: its kind, the servers it names, its duration.
//!
//! Generator, mutator and minimizer treat actions alike through these; only here are all kinds of
//! action listed.

use std::fmt;
use zab_sim::Act;

/// The kinds of action.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Act::Client`]
    Client,
    /// [`Act::Crash`]
    Crash,
    /// [`Act::Restart`]
    Restart,
    /// [`Act::StepDown`]
    StepDown,
    /// [`Act::Cut`]
    Cut,
    /// [`Act::Isolate`]
    Isolate,
    /// [`Act::Clog`]
    Clog,
    /// [`Act::Drop`]
    Drop,
    /// [`Act::StallNode`]
    StallNode,
    /// [`Act::StallActor`]
    StallActor,
    /// [`Act::StallDisk`]
    StallDisk,
    /// [`Act::FlushError`]
    FlushError,
    /// [`Act::Skew`]
    Skew,
    /// [`Act::Swizzle`]
    Swizzle,
    /// [`Act::HealAll`]
    HealAll,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Client,
        Self::Crash,
        Self::Restart,
        Self::StepDown,
        Self::Cut,
        Self::Isolate,
        Self::Clog,
        Self::Drop,
        Self::StallNode,
        Self::StallActor,
        Self::StallDisk,
        Self::FlushError,
        Self::Skew,
        Self::Swizzle,
        Self::HealAll,
    ];

    /// Every kind that a client does not ask for.
    pub const FAULTS: [Self; 14] = {
        let mut faults = [Self::HealAll; 14];
        let mut i = 0;
        while i < faults.len() {
            faults[i] = Self::ALL[i + 1];
            i += 1;
        }
        faults
    };

    /// The kind of this action.
    pub const fn of(act: &Act) -> Self {
        match act {
            Act::Client { .. } => Self::Client,
            Act::Crash { .. } => Self::Crash,
            Act::Restart { .. } => Self::Restart,
            Act::StepDown { .. } => Self::StepDown,
            Act::Cut { .. } => Self::Cut,
            Act::Isolate { .. } => Self::Isolate,
            Act::Clog { .. } => Self::Clog,
            Act::Drop { .. } => Self::Drop,
            Act::StallNode { .. } => Self::StallNode,
            Act::StallActor { .. } => Self::StallActor,
            Act::StallDisk { .. } => Self::StallDisk,
            Act::FlushError { .. } => Self::FlushError,
            Act::Skew { .. } => Self::Skew,
            Act::Swizzle { .. } => Self::Swizzle,
            Act::HealAll => Self::HealAll,
        }
    }
}

impl Kind {
    /// Its name in schedules.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Crash => "crash",
            Self::Restart => "restart",
            Self::StepDown => "step-down",
            Self::Cut => "cut",
            Self::Isolate => "isolate",
            Self::Clog => "clog",
            Self::Drop => "drop",
            Self::StallNode => "stall-node",
            Self::StallActor => "stall-actor",
            Self::StallDisk => "stall-disk",
            Self::FlushError => "flush-error",
            Self::Skew => "skew",
            Self::Swizzle => "swizzle",
            Self::HealAll => "heal-all",
        }
    }

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

/// The servers that an action names one by one.
pub fn servers_mut(act: &mut Act) -> impl Iterator<Item = &mut u8> {
    let named: [Option<&mut u8>; 2] = match act {
        Act::Client { server, .. }
        | Act::Crash { server, .. }
        | Act::Restart { server, .. }
        | Act::StepDown { server }
        | Act::Isolate { server, .. }
        | Act::StallNode { server, .. }
        | Act::StallActor { server, .. }
        | Act::StallDisk { server, .. }
        | Act::FlushError { server }
        | Act::Skew { server, .. } => [Some(server), None],
        Act::Cut { from, to, .. } | Act::Clog { from, to, .. } => [Some(from), Some(to)],
        Act::Drop { a, b } => [Some(a), Some(b)],
        Act::Swizzle { .. } | Act::HealAll => [None, None],
    };
    named.into_iter().flatten()
}

/// The servers that an action names, those of a mask included.
pub fn servers(act: &Act) -> impl Iterator<Item = u8> + use<> {
    let mut copy = *act;
    let named = servers_mut(&mut copy).fold(0_u8, |set, server| set | bit(*server));
    let mask = if let Act::Swizzle { mask, .. } = act { *mask } else { 0 };
    (0..8).filter(move |server| (named | mask) & bit(*server) != 0)
}

const fn bit(server: u8) -> u8 {
    if server < 8 { 1 << server } else { 0 }
}

/// How long the action lasts, if it does.
pub fn duration_mut(act: &mut Act) -> Option<&mut u64> {
    match act {
        Act::Crash { down_us, .. } | Act::Restart { down_us, .. } => Some(down_us),
        Act::Cut { for_us, .. }
        | Act::Isolate { for_us, .. }
        | Act::Clog { for_us, .. }
        | Act::StallNode { for_us, .. }
        | Act::StallActor { for_us, .. }
        | Act::StallDisk { for_us, .. }
        | Act::Skew { for_us, .. }
        | Act::Swizzle { for_us, .. } => Some(for_us),
        Act::Client { .. }
        | Act::StepDown { .. }
        | Act::Drop { .. }
        | Act::FlushError { .. }
        | Act::HealAll => None,
    }
}
