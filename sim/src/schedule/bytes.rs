//! The binary form: fixed-width records of which any byte string decodes.
//!
//! 16 bytes of header (`seed u64 | servers u8 | directories u8 | workload u8 | 5 × 0`), then 8 bytes an action
//! (`at u16 | kind u8 | a u8 | b u8 | c u8 | span u16`, times in units of [`GRAIN_US`]), all
//! little-endian. Directories are strict if that byte is `S`, and the workload is locks if that byte is `L`, or `l`
//! with local sessions, so that hardly any bytes ask for that which were not meant to. Kinds and servers are taken modulo their number, missing bytes of the header are
//! 0, and a record that is not whole is left out. Removing 8 bytes removes one action, so a
//! fuzzer's own mutations are meaningful edits.

use super::Workload;
use super::fields::Field;
use super::{Action, CrashMode, Directories, FORMAT, Files, GRAIN_US, Kind, Schedule, StallTarget};
use crate::schedule::{ACTIONS_MAX, ClientOp};
use zab_core::variant::Release;

/// Bytes of the header.
pub const HEADER: usize = 16;

/// Bytes of an action.
pub const RECORD: usize = 8;

/// The byte of the header that asks for strict directories.
const STRICT: u8 = b'S';

/// The byte of the header that asks for clients that queue for a lock.
const LOCKS: u8 = b'L';

/// The same for clients whose sessions begin as local ones.
const LOCAL_LOCKS: u8 = b'l';

const SERVERS: [u8; 3] = [3, 5, 7];
const OPS: [ClientOp; 4] = [ClientOp::Write, ClientOp::WriteIf, ClientOp::Read, ClientOp::SyncRead];
const ACTORS: [StallTarget; 4] =
    [StallTarget::Receiver, StallTarget::LogWriter, StallTarget::Committer, StallTarget::Senders];

const FILES: [Files; 5] =
    [Files::All, Files::Log, Files::Snapshot, Files::AcceptedEpoch, Files::CurrentEpoch];

/// Bytes of an action for all its parts but the duration.
const ARGUMENTS: usize = 3;

impl Schedule {
    /// Decodes any bytes into a valid schedule.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (head, records) = bytes.split_at(bytes.len().min(HEADER));
        let mut header = [0; HEADER];
        header[..head.len()].copy_from_slice(head);
        let [s0, s1, s2, s3, s4, s5, s6, s7, servers, directories, workload, ..] = header;
        let mut schedule = Self {
            version: FORMAT,
            seed: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            servers: SERVERS[usize::from(servers) % SERVERS.len()],
            directories: match directories {
                STRICT => Directories::Strict,
                _ => Directories::Lenient,
            },
            workload: match workload {
                LOCKS => Workload::Locks,
                LOCAL_LOCKS => Workload::LocalLocks,
                _ => Workload::Registers,
            },
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
        bytes.push(if self.directories.are_lenient() { 0 } else { STRICT });
        bytes.push(match self.workload {
            Workload::Registers => 0,
            Workload::Locks => LOCKS,
            Workload::LocalLocks => LOCAL_LOCKS,
        });
        bytes.resize(HEADER, 0);
        self.actions.iter().for_each(|action| bytes.extend_from_slice(&encode(action)));
        bytes
    }
}

fn grains(us: u64) -> [u8; 2] {
    u16::try_from(us / GRAIN_US).expect("times of a valid schedule are bounded").to_le_bytes()
}

fn encode(action: &Action) -> [u8; RECORD] {
    let mut act = action.act;
    let kind = Kind::of(&act) as u8;
    let (mut args, mut next, mut shared, mut span_us) = ([0; ARGUMENTS], 0, 0, 0);
    let mut put = |byte: u8| {
        args[next] = byte;
        next += 1;
    };
    for (_, field) in act.fields() {
        match field {
            Field::Span(us) => span_us = *us,
            Field::Op(op) => shared = *op as u8,
            Field::Key(key) => put(shared | *key << 2),
            Field::Server(n) | Field::Peer(n) | Field::Client(n) | Field::Mask(n) => put(*n),
            Field::Flag(flag) => put((*flag).into()),
            Field::Actor(actor) => put(*actor as u8),
            Field::File(file) => put(*file as u8),
            Field::Release(release) => put(*release as u8),
            Field::Skew(rate) => rate.to_le_bytes().into_iter().for_each(&mut put),
            Field::Disk(disk) => {
                let (mode, kept) = match *disk {
                    CrashMode::LoseAll => (0, 0),
                    CrashMode::KeepPrefix(kept) => (1, kept),
                    CrashMode::Torn => (2, 0),
                    CrashMode::KeepAll => (3, 0),
                    CrashMode::EmptyLog => (4, 0),
                    CrashMode::ZeroedLog => (5, 0),
                };
                put(mode);
                put(kept);
            }
        }
    }
    let ([at0, at1], [span0, span1], [a, b, c]) = (grains(action.at_us), grains(span_us), args);
    [at0, at1, kind, a, b, c, span0, span1]
}

/// The inverse of [`encode`]; numbers may be out of range.
fn decode(record: &[u8]) -> Action {
    let us = |at: usize| u64::from(u16::from_le_bytes([record[at], record[at + 1]])) * GRAIN_US;
    let mut act = Kind::ALL[usize::from(record[2]) % Kind::ALL.len()].blank();
    let mut args = record[3..3 + ARGUMENTS].iter().copied();
    let mut next = move || args.next().unwrap_or_default();
    // An operation and its key are one byte.
    let mut shared = 0;
    for (_, field) in act.fields() {
        match field {
            Field::Span(span) => *span = us(6),
            Field::Op(op) => {
                shared = next();
                *op = of(OPS, shared);
            }
            Field::Key(key) => *key = shared >> 2,
            Field::Server(n) | Field::Peer(n) | Field::Client(n) | Field::Mask(n) => {
                *n = next();
            }
            Field::Flag(flag) => *flag = next() % 2 == 1,
            Field::Actor(actor) => *actor = of(ACTORS, next()),
            Field::File(file) => *file = of(FILES, next()),
            Field::Release(release) => *release = of(Release::ALL, next()),
            Field::Skew(rate) => *rate = i16::from_le_bytes([next(), next()]),
            Field::Disk(disk) => {
                let (mode, kept) = (next(), CrashMode::KeepPrefix(next()));
                let modes = [
                    CrashMode::LoseAll,
                    kept,
                    CrashMode::Torn,
                    CrashMode::KeepAll,
                    CrashMode::EmptyLog,
                    CrashMode::ZeroedLog,
                ];
                *disk = of(modes, mode);
            }
        }
    }
    Action { at_us: us(0), act }
}

fn of<T, const N: usize>(all: [T; N], number: u8) -> T {
    let mut all = all.into_iter();
    all.nth(usize::from(number) % N).expect("the remainder is below the number of them")
}
