//! Swarm configurations: which faults a schedule is made of, and how often each.
//!
//! A fault that is always possible hides what only its absence lets happen: an ensemble in which
//! everything is cut all the time never elects anybody. So half of the kinds are off in any one
//! schedule, and the others differ by an order of magnitude.

use crate::rng::Rng;
use zab_core::variant::Release;
use zab_sim::Act;
use zab_sim::schedule::{CLIENTS, ClientOp, CrashMode, Files, KEYS, Kind, SKEW_MAX, StallTarget};

/// Durations in this many microseconds: from a flush to a few elections.
const DURATION_US: (u64, u64) = (1_000, 1_200_000);

/// The relative frequencies that one schedule is drawn with.
#[derive(Clone, Debug)]
pub struct Swarm {
    faults: [u32; Kind::FAULTS.len()],
    ops: [u32; 4],
    disks: [u32; 6],
    actors: [u32; 4],
    /// Of each motif.
    pub(super) motifs: [u32; super::motif::COUNT],
    /// Faults prefer some servers, so that others live to disagree with them.
    servers: Vec<u32>,
    keys: u64,
    durations: (u64, u64),
}

impl Swarm {
    /// A configuration for schedules of this many servers.
    pub fn draw(rng: &mut Rng, servers: u8) -> Self {
        let (low, high) = DURATION_US;
        let durations = match rng.below(4) {
            0 => (low, high / 16),
            1 => (low * 32, high),
            _ => (low, high),
        };
        let mut faults: [u32; Kind::FAULTS.len()] = weights(rng);
        // Outside of what most people expect a protocol to survive.
        if !rng.one_in(8) {
            let blank = Kind::FAULTS.iter().position(|kind| *kind == Kind::BlankDisk);
            faults[blank.expect("it is a fault")] = 0;
        }
        Self {
            faults,
            ops: weights(rng),
            disks: weights(rng),
            actors: weights(rng),
            motifs: weights(rng),
            servers: (0..servers).map(|_| 1 << rng.below(4)).collect(),
            keys: if rng.one_in(4) { KEYS as u64 } else { 1 },
            durations,
        }
    }

    /// How many servers there are.
    pub fn ensemble(&self) -> u8 {
        self.servers.len() as u8
    }

    /// A server.
    pub fn server(&self, rng: &mut Rng) -> u8 {
        rng.weighted(&self.servers).unwrap_or(0) as u8
    }

    /// A server other than this one.
    pub fn other(&self, rng: &mut Rng, server: u8) -> u8 {
        let size = self.ensemble();
        (server + 1 + rng.below(u64::from(size) - 1) as u8) % size
    }

    /// A duration.
    pub fn duration(&self, rng: &mut Rng) -> u64 {
        rng.spread(self.durations.0, self.durations.1)
    }

    /// What a power loss leaves.
    pub fn disk(&self, rng: &mut Rng) -> CrashMode {
        match rng.weighted(&self.disks) {
            Some(1) => CrashMode::KeepPrefix(rng.between(1, 4) as u8),
            Some(2) => CrashMode::Torn,
            Some(3) => CrashMode::KeepAll,
            Some(4) => CrashMode::EmptyLog,
            Some(5) => CrashMode::ZeroedLog,
            _ => CrashMode::LoseAll,
        }
    }

    /// An actor to hold back.
    pub fn actor(&self, rng: &mut Rng) -> StallTarget {
        const ACTORS: [StallTarget; 4] = [
            StallTarget::Receiver,
            StallTarget::LogWriter,
            StallTarget::Committer,
            StallTarget::Senders,
        ];
        ACTORS[rng.weighted(&self.actors).unwrap_or(1)]
    }

    /// A client operation, at any server: clients do not know who leads.
    pub fn client(&self, rng: &mut Rng) -> Act {
        const OPS: [ClientOp; 4] =
            [ClientOp::Write, ClientOp::Read, ClientOp::SyncRead, ClientOp::WriteIf];
        // Without writes there is nothing to lose.
        let op =
            if rng.one_in(2) { ClientOp::Write } else { OPS[rng.weighted(&self.ops).unwrap_or(0)] };
        Act::Client {
            client: rng.below(u64::from(CLIENTS)) as u8,
            server: rng.below(u64::from(self.ensemble())) as u8,
            op,
            key: rng.below(self.keys) as u8,
        }
    }

    /// A fault.
    pub fn fault(&self, rng: &mut Rng) -> Act {
        let kind = rng.weighted(&self.faults).map_or(Kind::PowerLoss, |i| Kind::FAULTS[i]);
        self.fault_of(rng, kind)
    }

    /// A fault of this kind; of kind client, an operation.
    pub fn fault_of(&self, rng: &mut Rng, kind: Kind) -> Act {
        let server = self.server(rng);
        let other = self.other(rng, server);
        let (from, to) = if rng.one_in(2) { (server, other) } else { (other, server) };
        let for_us = self.duration(rng);
        // An error strikes once, or lasts.
        let lasting = |rng: &mut Rng| if rng.one_in(2) { 0 } else { for_us };
        match kind {
            Kind::Client => self.client(rng),
            Kind::PowerLoss => Act::PowerLoss { server, disk: self.disk(rng), down_us: for_us },
            Kind::BlankDisk => Act::BlankDisk { server, down_us: for_us },
            Kind::Kill => Act::Kill { server, down_us: for_us },
            Kind::StepDown => Act::StepDown { server },
            Kind::Cut => Act::Cut { from, to, both_ways: rng.one_in(2), for_us },
            Kind::Isolate => Act::Isolate { server, for_us },
            Kind::Clog => Act::Clog { from, to, open_only: rng.one_in(2), for_us },
            Kind::Reset => Act::Reset { a: from, b: to },
            Kind::StallNode => Act::StallNode { server, for_us },
            Kind::StallActor => Act::StallActor { server, actor: self.actor(rng), for_us },
            Kind::StallDisk => Act::StallDisk { server, for_us },
            Kind::FlushError => Act::FlushError { server, file: file(rng), for_us: lasting(rng) },
            Kind::WriteError => Act::WriteError { server, file: file(rng), for_us: lasting(rng) },
            Kind::DiskFull => Act::DiskFull { server, file: disk_of(rng), for_us: lasting(rng) },
            Kind::ReadOnly => Act::ReadOnly { server, file: disk_of(rng), for_us: lasting(rng) },
            Kind::Skew => {
                let per_mille = rng.spread(10, SKEW_MAX as u64) as i16;
                let per_mille = if rng.one_in(2) { -per_mille } else { per_mille };
                Act::Skew { server, per_mille, for_us }
            }
            Kind::Swizzle => {
                Act::Swizzle { mask: rng.between(1, (1 << self.ensemble()) - 1) as u8, for_us }
            }
            Kind::HealAll => Act::HealAll,
            Kind::WriteBack => Act::WriteBack { server },
            Kind::Purge => Act::Purge { server },
            Kind::Upgrade => Act::Upgrade { server, to: release(rng), down_us: for_us },
        }
    }
}

/// What a server is restarted as: mostly the new release.
pub(super) fn release(rng: &mut Rng) -> Release {
    if rng.one_in(3) { Release::Old } else { Release::New }
}

/// The files that an error strikes.
fn file(rng: &mut Rng) -> Files {
    const FILES: [Files; 5] =
        [Files::All, Files::Log, Files::Snapshot, Files::AcceptedEpoch, Files::CurrentEpoch];
    FILES[rng.below(FILES.len() as u64) as usize]
}

/// The files that share a disk: all of them, or the log has its own (`dataLogDir`).
fn disk_of(rng: &mut Rng) -> Files {
    if rng.one_in(3) { Files::Log } else { Files::All }
}

/// Half of them off, the others between 1 and 32.
fn weights<const N: usize>(rng: &mut Rng) -> [u32; N] {
    [(); N].map(|()| if rng.one_in(2) { 0 } else { 1 << rng.below(6) })
}
