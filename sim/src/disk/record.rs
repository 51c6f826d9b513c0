//! The log file: framed records with checksums.
//!
//! `length u32 | crc32 u32 | payload`, all little-endian. A file may end in the middle of a record
//! (a torn tail: the power went while it was written); damage before the end is corruption.

use zab_core::locks::{Numbers, SessionError};
use zab_core::{Change, Epoch, Key, RequestId, SessionId, Txn, Zxid};

/// Bytes before the payload.
const HEADER: usize = 8;

/// Bytes of the payload; every record has the same.
const PAYLOAD: usize = 24;

/// Bytes of a whole record.
pub const RECORD: usize = HEADER + PAYLOAD;

/// A log that is damaged before its end, so that good records follow bad bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is corrupt: bad record at byte {bad}, good record behind it at byte {good}")]
pub struct Corruption {
    /// Where the first bad record starts.
    pub bad: usize,
    /// Where a good record starts after it.
    pub good: usize,
}

/// Appends a record.
pub fn encode(txn: &Txn, log: &mut Vec<u8>) {
    let (tag, key, value, version) = match txn.change {
        Change::Set { key, value, version } => (1, key.0, value, version),
        Change::Rejected => (0, 0, 0, 0),
        Change::CreateSession => (2, 0, 0, 0),
        Change::CloseSession { nodes } => {
            let [low, high] = nodes.bits();
            (3, 0, low, high)
        }
        Change::CreateNode { number } => (4, number, 0, 0),
        Change::Refused(error) => (5, error as u8, 0, 0),
    };
    let mut payload = [0; PAYLOAD];
    payload[0..4].copy_from_slice(&txn.zxid.epoch.0.to_le_bytes());
    payload[4..8].copy_from_slice(&txn.zxid.counter.to_le_bytes());
    payload[8..12].copy_from_slice(&txn.request.cxid.to_le_bytes());
    payload[12..14].copy_from_slice(&txn.request.session.0.to_le_bytes());
    payload[14] = tag;
    payload[15] = key;
    payload[16..20].copy_from_slice(&value.to_le_bytes());
    payload[20..24].copy_from_slice(&version.to_le_bytes());
    log.extend_from_slice(&(PAYLOAD as u32).to_le_bytes());
    log.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
    log.extend_from_slice(&payload);
}

/// The record at the start of these bytes, if it is whole and sound.
fn decode(bytes: &[u8]) -> Option<Txn> {
    let payload = bytes.get(HEADER..RECORD)?;
    if word(bytes, 0) != PAYLOAD as u32 || word(bytes, 4) != crc32fast::hash(payload) {
        return None;
    }
    let change = match payload[14] {
        0 => Change::Rejected,
        1 => Change::Set {
            key: Key(payload[15]),
            value: word(payload, 16),
            version: word(payload, 20),
        },
        2 => Change::CreateSession,
        3 => {
            let bits = [word(payload, 16), word(payload, 20)];
            Change::CloseSession { nodes: Numbers::from_bits(bits) }
        }
        4 => Change::CreateNode { number: payload[15] },
        5 => Change::Refused(match payload[15] {
            0 => SessionError::Expired,
            1 => SessionError::Moved,
            2 => SessionError::Full,
            _ => return None,
        }),
        _ => return None,
    };
    let session = SessionId(u16::from_le_bytes([payload[12], payload[13]]));
    Some(Txn {
        zxid: Zxid { epoch: Epoch(word(payload, 0)), counter: word(payload, 4) },
        request: RequestId { session, cxid: word(payload, 8) },
        change,
    })
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Reads a log file from its start. What follows the returned records is a torn tail: bad bytes
/// with no good record after them. Damage to the very last record cannot be told from a tear.
pub fn scan(log: &[u8]) -> Result<Vec<Txn>, Corruption> {
    let mut records = Vec::with_capacity(log.len() / RECORD);
    while let Some(txn) = decode(&log[records.len() * RECORD..]) {
        records.push(txn);
    }
    let bad = records.len() * RECORD;
    match (bad + 1..log.len()).find(|at| decode(&log[*at..]).is_some()) {
        Some(good) => Err(Corruption { bad, good }),
        None => Ok(records),
    }
}
