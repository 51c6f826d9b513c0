//! What a directory keeps is what a simulated disk would keep.

use super::files::Files;
use crate::disk::SimDisk;
use std::fs;
use zab_core::log_files::{HEADER_BYTES, PREALLOCATION, RECORD_BYTES};
use zab_core::{
    Change, DiskOp, Epoch, File, Headless, Lsn, NoHeader, Recovered, Replica, RequestId, SessionId,
    Txn, Zxid,
};

fn txn(counter: u32) -> Txn {
    let request = RequestId { session: SessionId(1), cxid: counter };
    Txn { zxid: Zxid::new(1, counter), request, change: Change::Rejected }
}

fn replica(counter: u32) -> Box<Replica> {
    Box::new(Replica { last_processed: Zxid::new(1, counter), ..Replica::default() })
}

fn snapshot(counter: u32) -> DiskOp {
    DiskOp::Snapshot(replica(counter))
}

/// One operation of every kind, and some twice.
fn operations() -> Vec<DiskOp> {
    vec![
        DiskOp::AcceptedEpoch(Epoch(1)),
        DiskOp::CurrentEpoch(Epoch(1)),
        DiskOp::RollLog,
        DiskOp::Append(txn(1)),
        DiskOp::Append(txn(2)),
        DiskOp::Flush,
        snapshot(2),
        DiskOp::RollLog,
        DiskOp::Append(txn(3)),
        DiskOp::Append(txn(4)),
        DiskOp::Flush,
        snapshot(10),
        DiskOp::EmptySnapshot(Zxid::new(1, 10)),
        DiskOp::WriteSnapshot(replica(10)),
        DiskOp::FlushRecovered(File::Log),
        DiskOp::FlushRecovered(File::Snapshot),
        DiskOp::FlushRecovered(File::AcceptedEpoch),
        DiskOp::AcceptedEpoch(Epoch(12)),
        DiskOp::Rename(File::CurrentEpoch, Epoch(12)),
        DiskOp::Rename(File::AcceptedEpoch, Epoch(13)),
        DiskOp::Truncate(Zxid::new(1, 3)),
        DiskOp::RollLog,
        DiskOp::Append(txn(4)),
        DiskOp::Flush,
        DiskOp::DropSnapshotsAfter(Zxid::new(1, 9)),
        DiskOp::Truncate(Zxid::ZERO),
        DiskOp::Flush,
    ]
}

fn reopened(folder: &std::path::Path) -> Recovered {
    Files::open(folder).expect("what was written can be read").0
}

#[test]
fn after_each_operation_a_directory_holds_what_a_simulated_disk_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (found, mut files) = Files::open(folder.path()).expect("an empty folder is a fresh disk");
    assert_eq!(found, Recovered::default());
    let mut disk = SimDisk::default();
    for (number, op) in operations().into_iter().enumerate() {
        files.carry_out(&op).expect("the folder can be written to");
        disk.ask(Lsn(number as u64 + 1), op);
        File::ALL.iter().for_each(|file| {
            disk.complete(*file, Lsn(number as u64 + 1));
        });
        let mut settled = disk.clone();
        settled.lose_process();
        assert_eq!(reopened(folder.path()), settled.recover().expect("sound"), "after #{number}");
    }
}

#[test]
fn a_torn_tail_is_cut_off_and_damage_before_it_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, mut files) = Files::open(folder.path()).expect("an empty folder");
    (1..=3).for_each(|n| files.carry_out(&DiskOp::Append(txn(n))).expect("it can be written"));
    let path = folder.path().join("log.1.1");
    let whole = fs::read(&path).expect("the log");
    assert_eq!(whole.len() as u64, PREALLOCATION);
    let end = (HEADER_BYTES + 3 * RECORD_BYTES) as usize;
    fs::write(&path, &whole[..end - 5]).expect("it can be written");
    assert_eq!(reopened(folder.path()).log, [txn(1), txn(2)]);
    assert_eq!(fs::read(&path).expect("the log").len() as u64, HEADER_BYTES + 2 * RECORD_BYTES);
    let mut damaged = whole;
    damaged[36] ^= 1;
    fs::write(&path, damaged).expect("it can be written");
    assert!(Files::open(folder.path()).is_err());
}

#[test]
fn a_log_file_without_a_header_is_told_of_until_the_log_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, mut files) = Files::open(folder.path()).expect("an empty folder");
    [DiskOp::RollLog, DiskOp::Append(txn(1)), DiskOp::Flush]
        .iter()
        .for_each(|op| files.carry_out(op).expect("it can be written"));
    fs::write(folder.path().join("log.1.2"), []).expect("it can be written");
    fs::write(folder.path().join("log.1.3"), [0; 256]).expect("it can be written");
    let headless = |counter, contents| Headless { name: Zxid::new(1, counter), contents };
    let expected = vec![headless(2, NoHeader::Nothing), headless(3, NoHeader::Zeros)];
    let (found, mut files) = Files::open(folder.path()).expect("the log can be read");
    assert_eq!((found.log, found.headless), (vec![txn(1)], expected));
    [DiskOp::RollLog, DiskOp::Append(txn(2)), DiskOp::Flush]
        .iter()
        .for_each(|op| files.carry_out(op).expect("it can be written"));
    let found = reopened(folder.path());
    assert_eq!((found.log, found.headless), (vec![txn(1), txn(2)], Vec::new()));
}

#[test]
fn a_damaged_snapshot_counts_as_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, mut files) = Files::open(folder.path()).expect("an empty folder");
    [2, 5].iter().for_each(|n| files.carry_out(&snapshot(*n)).expect("it can be written"));
    fs::write(folder.path().join("snapshot.1.5"), b"not a snapshot").expect("it can be written");
    assert_eq!(reopened(folder.path()).snapshot().last_processed, Zxid::new(1, 2));
}
