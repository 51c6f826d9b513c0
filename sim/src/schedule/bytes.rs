//! The binary form: fixed-width records of which any byte string decodes.
//!
//! 16 bytes of header (`seed u64 | servers u8 | 7 × 0`), then 8 bytes an action
//! (`at u16 | kind u8 | a u8 | b u8 | c u8 | span u16`, times in units of [`GRAIN_US`]), all
//! little-endian. Kinds and servers are taken modulo their number, missing bytes of the header are
//! 0, and a record that is not whole is left out. Removing 8 bytes removes one action, so a
//! fuzzer's own mutations are meaningful edits.

use super::{Act, Action, CrashMode, FORMAT, Files, GRAIN_US, Kind, Schedule, StallTarget};
use crate::schedule::{ACTIONS_MAX, ClientOp};
use zab_core::variant::Release;

/// Bytes of the header.
pub const HEADER: usize = 16;

/// Bytes of an action.
pub const RECORD: usize = 8;

const SERVERS: [u8; 3] = [3, 5, 7];
const OPS: [ClientOp; 4] = [ClientOp::Write, ClientOp::WriteIf, ClientOp::Read, ClientOp::SyncRead];
const ACTORS: [StallTarget; 4] =
    [StallTarget::Receiver, StallTarget::LogWriter, StallTarget::Committer, StallTarget::Senders];

const FILES: [Files; 5] =
    [Files::All, Files::Log, Files::Snapshot, Files::AcceptedEpoch, Files::CurrentEpoch];

/// An action without its time: kind, three arguments, and its duration.
type Parts = (Kind, [u8; 3], u64);

impl Schedule {
    /// Decodes any bytes into a valid schedule.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (head, records) = bytes.split_at(bytes.len().min(HEADER));
        let mut header = [0; HEADER];
        header[..head.len()].copy_from_slice(head);
        let [s0, s1, s2, s3, s4, s5, s6, s7, servers, ..] = header;
        let mut schedule = Self {
            version: FORMAT,
            seed: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            servers: SERVERS[usize::from(servers) % SERVERS.len()],
            actions: records.chunks_exact(RECORD).take(ACTIONS_MAX).map(decode).collect(),
        };
        schedule.repair();
        schedule
    }

    /// Encodes a valid schedule; decoding gives it back.
    pub fn to_bytes(&self) -> Vec<u8> {
        let servers = SERVERS.iter().position(|servers| *servers == self.servers);
        let mut bytes = Vec::with_capacity(HEADER + RECORD * self.actions.len());
        bytes.extend_from_slice(&self.seed.to_le_bytes());
        bytes.push(servers.expect("a valid schedule has 3, 5 or 7 servers") as u8);
        bytes.resize(HEADER, 0);
        self.actions.iter().for_each(|action| bytes.extend_from_slice(&encode(action)));
        bytes
    }
}

fn grains(us: u64) -> [u8; 2] {
    u16::try_from(us / GRAIN_US).expect("times of a valid schedule are bounded").to_le_bytes()
}

fn encode(action: &Action) -> [u8; RECORD] {
    let (kind, [a, b, c], span_us) = parts(action.act);
    let ([at0, at1], [span0, span1]) = (grains(action.at_us), grains(span_us));
    [at0, at1, kind as u8, a, b, c, span0, span1]
}

fn decode(record: &[u8]) -> Action {
    let us = |at: usize| u64::from(u16::from_le_bytes([record[at], record[at + 1]])) * GRAIN_US;
    let kind = Kind::ALL[usize::from(record[2]) % Kind::ALL.len()];
    let act = assemble((kind, [record[3], record[4], record[5]], us(6)));
    Action { at_us: us(0), act }
}

fn parts(act: Act) -> Parts {
    let kind = Kind::of(&act);
    match act {
        Act::Client { client, server, op, key } => (kind, [client, server, op as u8 | key << 2], 0),
        Act::PowerLoss { server, disk, down_us } => {
            let (mode, kept) = match disk {
                CrashMode::LoseAll => (0, 0),
                CrashMode::KeepPrefix(kept) => (1, kept),
                CrashMode::Torn => (2, 0),
                CrashMode::KeepAll => (3, 0),
            };
            (kind, [server, mode, kept], down_us)
        }
        Act::Kill { server, down_us } => (kind, [server, 0, 0], down_us),
        Act::StepDown { server } => (kind, [server, 0, 0], 0),
        Act::Cut { from, to, both_ways, for_us } => (kind, [from, to, both_ways.into()], for_us),
        Act::Isolate { server, for_us } => (kind, [server, 0, 0], for_us),
        Act::Clog { from, to, open_only, for_us } => (kind, [from, to, open_only.into()], for_us),
        Act::Reset { a, b } => (kind, [a, b, 0], 0),
        Act::StallNode { server, for_us } => (kind, [server, 0, 0], for_us),
        Act::StallActor { server, actor, for_us } => (kind, [server, actor as u8, 0], for_us),
        Act::StallDisk { server, for_us } => (kind, [server, 0, 0], for_us),
        Act::FlushError { server, file, for_us } | Act::WriteError { server, file, for_us } => {
            (kind, [server, file as u8, 0], for_us)
        }
        Act::Skew { server, per_mille, for_us } => {
            let [low, high] = per_mille.to_le_bytes();
            (kind, [server, low, high], for_us)
        }
        Act::Swizzle { mask, for_us } => (kind, [mask, 0, 0], for_us),
        Act::HealAll => (kind, [0, 0, 0], 0),
        Act::WriteBack { server } => (kind, [server, 0, 0], 0),
        Act::Upgrade { server, to, down_us } => (kind, [server, to as u8, 0], down_us),
    }
}

/// The inverse of [`parts`]; numbers may be out of range.
fn assemble((kind, [a, b, c], span): Parts) -> Act {
    match kind {
        Kind::Client => {
            Act::Client { client: a, server: b, op: OPS[usize::from(c % 4)], key: c >> 2 }
        }
        Kind::PowerLoss => {
            let modes =
                [CrashMode::LoseAll, CrashMode::KeepPrefix(c), CrashMode::Torn, CrashMode::KeepAll];
            Act::PowerLoss { server: a, disk: modes[usize::from(b % 4)], down_us: span }
        }
        Kind::Kill => Act::Kill { server: a, down_us: span },
        Kind::StepDown => Act::StepDown { server: a },
        Kind::Cut => Act::Cut { from: a, to: b, both_ways: c % 2 == 1, for_us: span },
        Kind::Isolate => Act::Isolate { server: a, for_us: span },
        Kind::Clog => Act::Clog { from: a, to: b, open_only: c % 2 == 1, for_us: span },
        Kind::Reset => Act::Reset { a, b },
        Kind::StallNode => Act::StallNode { server: a, for_us: span },
        Kind::StallActor => {
            Act::StallActor { server: a, actor: ACTORS[usize::from(b % 4)], for_us: span }
        }
        Kind::StallDisk => Act::StallDisk { server: a, for_us: span },
        Kind::FlushError => Act::FlushError { server: a, file: file_of(b), for_us: span },
        Kind::Skew => Act::Skew { server: a, per_mille: i16::from_le_bytes([b, c]), for_us: span },
        Kind::Swizzle => Act::Swizzle { mask: a, for_us: span },
        Kind::HealAll => Act::HealAll,
        Kind::WriteBack => Act::WriteBack { server: a },
        Kind::WriteError => Act::WriteError { server: a, file: file_of(b), for_us: span },
        Kind::Upgrade => {
            Act::Upgrade { server: a, to: Release::ALL[usize::from(b % 2)], down_us: span }
        }
    }
}

fn file_of(number: u8) -> Files {
    FILES[usize::from(number) % FILES.len()]
}
