//! The files of a server, and each operation on them.

use super::log::{self, Log};
use crate::shell::codec::{self, Frame};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zab_core::{DiskError, DiskOp, Epoch, Packet, Recovered, Replica, Zxid};

/// Prefix of the names of snapshots.
const SNAPSHOT: &str = "snapshot.";

/// How an operation went.
type Done = Result<(), DiskError>;

/// The open files of a server.
pub(super) struct Files {
    folder: PathBuf,
    log: Log,
    /// A cut of the log failed: the next flush says so.
    is_uncut: bool,
}

impl Files {
    /// Opens a folder, and says what is in it. A torn tail of the log is cut off.
    pub(super) fn open(folder: &Path) -> io::Result<(Recovered, Self)> {
        let (records, log_files) = log::recover(folder)?;
        let log = Log::new(folder.to_owned());
        let files = Self { folder: folder.to_owned(), log, is_uncut: false };
        files.sync_folder()?;
        let snapshots = files.snapshots()?;
        let found = Recovered {
            snapshots: snapshots.iter().filter_map(|(_, path)| read_snapshot(path)).collect(),
            log: records,
            log_files,
            accepted_epoch: read_epoch(&folder.join("acceptedEpoch"))?,
            current_epoch: read_epoch(&folder.join("currentEpoch"))?,
            // Who gives a server another folder says so by the command that starts it.
            is_blank: false,
            is_recreated: false,
            is_purged: false,
            headless: log::headless(folder)?.map(|(file, _)| file).collect(),
        };
        Ok((found, files))
    }

    /// Does what is asked for. What is reported is durable when this returns.
    pub(super) fn carry_out(&mut self, op: &DiskOp) -> Done {
        match op {
            DiskOp::Append(txn) => {
                self.log.append(txn);
                Ok(())
            }
            DiskOp::RollLog => {
                self.log.roll();
                Ok(())
            }
            DiskOp::Truncate(zxid) => {
                self.is_uncut = self.log.truncate(*zxid).is_err();
                Ok(())
            }
            DiskOp::Flush | DiskOp::FlushFile if std::mem::take(&mut self.is_uncut) => {
                Err(DiskError::Write)
            }
            DiskOp::Flush => {
                self.flush_log()?;
                self.sync_folder().map_err(flushed)
            }
            DiskOp::FlushFile => self.flush_log(),
            DiskOp::FlushRecovered(zab_core::File::Log) => {
                self.log.write().map_err(written)?;
                for path in log::paths(&self.folder).map_err(written)? {
                    self.write_anew(&path)?;
                }
                self.log.reopen().map_err(written)
            }
            DiskOp::FlushRecovered(zab_core::File::Snapshot) => {
                let found = self.snapshots().map_err(written)?;
                found.iter().try_for_each(|(_, path)| self.write_anew(path))
            }
            DiskOp::FlushRecovered(_) => self.sync_folder().map_err(flushed),
            DiskOp::Snapshot(replica) => self.replace(&name_of(replica), &snapshot_bytes(replica)),
            DiskOp::SnapshotFile(replica) => {
                self.rename(&name_of(replica), &snapshot_bytes(replica))
            }
            DiskOp::WriteSnapshot(replica) => {
                self.write_in_place(&name_of(replica), &snapshot_bytes(replica))
            }
            DiskOp::EmptySnapshot(zxid) => self.write_in_place(&name(SNAPSHOT, *zxid), &[]),
            DiskOp::DropSnapshotsAfter(zxid) => {
                let found = self.snapshots().map_err(written)?;
                let mut later = found.iter().filter(|(at, _)| at > zxid);
                later.try_for_each(|(_, path)| fs::remove_file(path)).map_err(written)?;
                self.sync_folder().map_err(flushed)
            }
            DiskOp::PurgeSnapshots(_) | DiskOp::PurgeLog(_) => {
                unreachable!("operators purge, and no server asks for it: {op}")
            }
            DiskOp::AcceptedEpoch(epoch) => self.replace("acceptedEpoch", &epoch_bytes(*epoch)),
            DiskOp::CurrentEpoch(epoch) => self.replace("currentEpoch", &epoch_bytes(*epoch)),
            DiskOp::Rename(zab_core::File::AcceptedEpoch, epoch) => {
                self.rename("acceptedEpoch", &epoch_bytes(*epoch))
            }
            DiskOp::Rename(_, epoch) => self.rename("currentEpoch", &epoch_bytes(*epoch)),
        }
    }

    fn flush_log(&mut self) -> Done {
        self.log.write().map_err(written)?;
        self.log.sync().map_err(flushed)
    }

    /// Makes a file durable that somebody else may have failed to flush.
    fn write_anew(&self, path: &Path) -> Done {
        let bytes = fs::read(path).map_err(written)?;
        let name = path.file_name().and_then(|name| name.to_str());
        self.replace(name.expect("it was found by its name"), &bytes)
    }

    /// Gives a file new contents, over the old ones. Nothing is flushed.
    fn write_in_place(&self, name: &str, bytes: &[u8]) -> Done {
        fs::write(self.folder.join(name), bytes).map_err(written)
    }

    /// Gives a file new contents: all of them or none, and durable.
    fn replace(&self, name: &str, bytes: &[u8]) -> Done {
        self.rename(name, bytes)?;
        self.sync_folder().map_err(flushed)
    }

    /// Gives a file new contents: all of them or none.
    fn rename(&self, name: &str, bytes: &[u8]) -> Done {
        let beside = self.folder.join(format!("{name}.new"));
        let mut file = File::create(&beside).map_err(written)?;
        file.write_all(bytes).map_err(written)?;
        file.sync_all().map_err(flushed)?;
        fs::rename(&beside, self.folder.join(name)).map_err(written)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// The snapshots, oldest first.
    fn snapshots(&self) -> io::Result<Vec<(Zxid, PathBuf)>> {
        named(&self.folder, SNAPSHOT)
    }
}

/// The files of a folder that are named after a zxid, in the order of their zxids.
pub(super) fn named(folder: &Path, prefix: &str) -> io::Result<Vec<(Zxid, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(zxid) = name.and_then(|name| zxid_of(name.strip_prefix(prefix)?)) {
            found.push((zxid, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The error of a system call that writes.
fn written(_: io::Error) -> DiskError {
    DiskError::Write
}

/// The error of a system call that flushes.
fn flushed(_: io::Error) -> DiskError {
    DiskError::Flush
}

fn name_of(replica: &Replica) -> String {
    name(SNAPSHOT, replica.last_processed)
}

/// The name of a file that is named after this zxid.
pub(super) fn name(prefix: &str, zxid: Zxid) -> String {
    format!("{prefix}{}.{}", zxid.epoch.0, zxid.counter)
}

fn zxid_of(name: &str) -> Option<Zxid> {
    let (epoch, counter) = name.split_once('.')?;
    Some(Zxid::new(epoch.parse().ok()?, counter.parse().ok()?))
}

/// A checksum, then the state as in a SNAP packet.
fn snapshot_bytes(replica: &Replica) -> Vec<u8> {
    let mut state = Vec::new();
    codec::encode(&Frame::Packet(Packet::Snap { replica: Box::new(*replica) }), &mut state);
    let mut bytes = crc32fast::hash(&state).to_le_bytes().to_vec();
    bytes.append(&mut state);
    bytes
}

/// The state in a snapshot, if it is whole.
fn read_snapshot(path: &Path) -> Option<Replica> {
    let bytes = fs::read(path).ok()?;
    let (checksum, state) = bytes.split_first_chunk()?;
    if u32::from_le_bytes(*checksum) != crc32fast::hash(state) {
        return None;
    }
    match codec::decode(state) {
        Ok(Frame::Packet(Packet::Snap { replica })) => Some(*replica),
        _ => None,
    }
}

fn epoch_bytes(epoch: Epoch) -> Vec<u8> {
    format!("{}\n", epoch.0).into_bytes()
}

/// The number in an epoch file; 0 if there is none.
fn read_epoch(path: &Path) -> io::Result<Epoch> {
    match fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map(Epoch).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Epoch(0)),
        Err(error) => Err(error),
    }
}
