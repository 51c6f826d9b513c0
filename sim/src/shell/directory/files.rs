//! The files of a server, and each operation on them.

use crate::disk::record::{self, RECORD};
use crate::shell::codec::{self, Frame};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zab_core::{DiskOp, Epoch, Packet, Recovered, Replica, Zxid};

/// Prefix of the names of snapshots.
const SNAPSHOT: &str = "snapshot.";

/// The open files of a server.
pub(super) struct Files {
    folder: PathBuf,
    log: File,
}

impl Files {
    /// Opens a folder, and says what is in it. A torn tail of the log is cut off.
    pub(super) fn open(folder: &Path) -> io::Result<(Recovered, Self)> {
        let path = folder.join("log");
        let log = OpenOptions::new().create(true).append(true).read(true).open(&path)?;
        let bytes = fs::read(&path)?;
        let records = record::scan(&bytes).map_err(io::Error::other)?;
        log.set_len((records.len() * RECORD) as u64)?;
        let files = Self { folder: folder.to_owned(), log };
        files.sync_folder()?;
        let snapshots = files.snapshots()?;
        let newest = snapshots.iter().rev().find_map(|(_, path)| read_snapshot(path));
        let found = Recovered {
            snapshot: newest.unwrap_or_default(),
            log: records,
            accepted_epoch: read_epoch(&folder.join("acceptedEpoch"))?,
            current_epoch: read_epoch(&folder.join("currentEpoch"))?,
        };
        Ok((found, files))
    }

    /// Does what is asked for. What is reported is durable when this returns.
    pub(super) fn carry_out(&mut self, op: &DiskOp) -> io::Result<()> {
        match op {
            DiskOp::Append(txn) => {
                let mut bytes = Vec::with_capacity(RECORD);
                record::encode(txn, &mut bytes);
                self.log.write_all(&bytes)
            }
            DiskOp::Truncate(zxid) => self.truncate(*zxid),
            DiskOp::Flush | DiskOp::FlushRecovered(zab_core::File::Log) => self.log.sync_all(),
            DiskOp::FlushRecovered(_) => {
                let mut found = self.snapshots()?.into_iter();
                found.try_for_each(|(_, path)| File::open(path)?.sync_all())?;
                self.sync_folder()
            }
            DiskOp::Snapshot(replica) => self.replace(&name_of(replica), &snapshot_bytes(replica)),
            DiskOp::DropSnapshotsAfter(zxid) => {
                let mut later = self.snapshots()?.into_iter().filter(|(at, _)| at > zxid);
                later.try_for_each(|(_, path)| fs::remove_file(path))?;
                self.sync_folder()
            }
            DiskOp::AcceptedEpoch(epoch) => self.replace("acceptedEpoch", &epoch_bytes(*epoch)),
            DiskOp::CurrentEpoch(epoch) => self.replace("currentEpoch", &epoch_bytes(*epoch)),
        }
    }

    fn truncate(&mut self, zxid: Zxid) -> io::Result<()> {
        let bytes = fs::read(self.folder.join("log"))?;
        let records = record::scan(&bytes).map_err(io::Error::other)?;
        let keep = match zxid {
            Zxid::ZERO => 0,
            _ => records.iter().position(|txn| txn.zxid > zxid).unwrap_or(records.len()),
        };
        self.log.set_len((keep * RECORD) as u64)?;
        self.log.seek(SeekFrom::End(0)).map(drop)
    }

    /// Gives a file new contents: all of them or none, and durable.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let beside = self.folder.join(format!("{name}.new"));
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, self.folder.join(name))?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// The snapshots, oldest first.
    fn snapshots(&self) -> io::Result<Vec<(Zxid, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(zxid) = name.and_then(|name| zxid_of(name.strip_prefix(SNAPSHOT)?)) {
                found.push((zxid, path));
            }
        }
        found.sort();
        Ok(found)
    }
}

fn name_of(replica: &Replica) -> String {
    let Zxid { epoch, counter } = replica.last_processed;
    format!("{SNAPSHOT}{}.{counter}", epoch.0)
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
