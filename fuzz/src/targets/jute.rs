//! Any bytes as what ZooKeeper's servers and clients send and keep: nothing panics, and what is
//! accepted comes back as it was once it is written.

use super::codec::same;
use crate::real::jute::client::{Connected, Contents, Reply};
use crate::real::jute::disk::{parse_epoch, read_log, write_log, zxid_in_name};
use crate::real::jute::election::{Hello, Notification};
use crate::real::jute::quorum::{LearnerInfo, Packet, acknowledged_epoch, copy_snap};
use crate::real::jute::txn::Txn;
use crate::real::jute::{Input, Result};

/// Feeds the bytes to every reader.
///
/// # Errors
///
/// What did not come back as it was written.
pub fn run(bytes: &[u8]) -> std::result::Result<(), String> {
    comes_back(bytes, |bytes| Packet::read(&mut Input(bytes)), Packet::to_bytes)?;
    comes_back(bytes, |bytes| Hello::read(&mut Input(bytes)), Hello::to_bytes)?;
    comes_back(bytes, |bytes| Notification::read(&mut Input(bytes)), Notification::to_bytes)?;
    comes_back(bytes, LearnerInfo::parse, |info| info.to_bytes())?;
    comes_back(bytes, Txn::parse, Txn::to_bytes)?;
    comes_back(bytes, |bytes| Ok(read_log(bytes)?.records), |records| write_log(records))?;
    if let Ok(packet) = Packet::read(&mut Input(bytes)) {
        let _ = acknowledged_epoch(&packet);
    }
    let _ = (
        Connected::parse(bytes),
        Reply::parse(bytes).map(|reply| reply.contents(Contents::DataAndStat)),
    );
    snap(bytes)?;
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (parse_epoch(text), zxid_in_name(text, "log"));
    }
    Ok(())
}

fn comes_back<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<T>,
    write: impl Fn(&T) -> Vec<u8>,
) -> std::result::Result<(), String> {
    let Ok(value) = read(bytes) else { return Ok(()) };
    let again = read(&write(&value)).map_err(|error| format!("{value:?}: {error}"))?;
    same("record", &again, &value)
}

/// A tree is copied whole, and what follows it is left.
fn snap(bytes: &[u8]) -> std::result::Result<(), String> {
    let (mut input, mut copied) = (Input(bytes), Vec::new());
    let ended = copy_snap(&mut input, |part| {
        copied.extend(part);
        Ok(())
    });
    if ended.is_ok() {
        copied.extend(input.0);
        return same("tree", &copied.as_slice(), &bytes);
    }
    Ok(())
}
