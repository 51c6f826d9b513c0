//! Snapshots on a disk: which there are, and which are complete.

use super::*;

/// The snapshot up to <1, 4> is durable, and so is one up to <1, 7>, which a process begins to write
/// once more in its place.
fn disk_with_two_snapshots() -> SimDisk {
    let mut disk = SimDisk::default();
    for (lsn, counter) in [(1, 4), (2, 7)] {
        disk.ask(Lsn(lsn), DiskOp::Snapshot(replica(counter)));
        assert!(disk.complete(File::Snapshot, Lsn(lsn)));
    }
    disk.ask(Lsn(3), DiskOp::EmptySnapshot(Zxid::new(1, 7)));
    disk.ask(Lsn(4), DiskOp::WriteSnapshot(replica(7)));
    disk
}

fn replica(counter: u32) -> Box<Replica> {
    Box::new(Replica { last_processed: Zxid::new(1, counter), ..Replica::default() })
}

fn snapshots(mut disk: SimDisk) -> Vec<u32> {
    let found = disk.recover().expect("sound");
    found.snapshots.iter().map(|snapshot| snapshot.last_processed.counter).collect()
}

#[test]
fn a_snapshot_that_is_incomplete_is_none_and_an_older_one_is_there() {
    let mut disk = disk_with_two_snapshots();
    let mut failed = disk.clone();
    disk.lose_process();
    assert_eq!(snapshots(disk), [4], "killed as it wrote over the newest one");
    assert!(failed.fail(File::Snapshot, Lsn(4), DiskError::Write));
    failed.lose_process();
    assert_eq!(snapshots(failed), [4], "the disk was full");
}

#[test]
fn a_snapshot_in_place_is_there_after_a_kill_and_after_a_power_loss_once_it_is_written_back() {
    let written = || {
        let mut disk = disk_with_two_snapshots();
        assert!(disk.complete(File::Snapshot, Lsn(4)));
        disk
    };
    let lose_power = |mut disk: SimDisk, mode| {
        disk.lose_power(mode);
        snapshots(disk)
    };
    let mut killed = written();
    killed.lose_process();
    assert_eq!(snapshots(killed.clone()), [4, 7]);
    assert_eq!(
        lose_power(killed.clone(), CrashMode::LoseAll),
        [4, 7],
        "nor is the old one emptied"
    );
    killed.ask(Lsn(1), DiskOp::Flush);
    assert!(killed.complete(File::Log, Lsn(1)));
    assert_eq!(lose_power(killed.clone(), CrashMode::LoseAll), [4], "the journal is flushed");
    assert_eq!(lose_power(killed.clone(), CrashMode::KeepPrefix(1)), [4, 7]);
    assert!(killed.write_back());
    assert_eq!(lose_power(killed, CrashMode::LoseAll), [4, 7]);
}

#[test]
fn a_snapshot_that_nobody_flushed_is_durable_once_a_process_flushes_what_it_found() {
    let mut disk = disk_with_two_snapshots();
    assert!(disk.complete(File::Snapshot, Lsn(4)));
    disk.lose_process();
    disk.recover().expect("sound");
    disk.ask(Lsn(1), DiskOp::FlushRecovered(File::Snapshot));
    assert!(disk.complete(File::Snapshot, Lsn(1)));
    disk.lose_power(CrashMode::LoseAll);
    assert_eq!(snapshots(disk), [4, 7]);
}

#[test]
fn a_snapshot_takes_the_place_of_one_of_its_zxid() {
    let mut disk = SimDisk::default();
    for (lsn, counter) in [(1, 2), (2, 1), (3, 2)] {
        disk.ask(Lsn(lsn), DiskOp::Snapshot(replica(counter)));
        assert!(disk.complete(File::Snapshot, Lsn(lsn)));
    }
    assert_eq!(snapshots(disk.clone()), [1, 2]);
    disk.ask(Lsn(4), DiskOp::DropSnapshotsAfter(Zxid::new(1, 1)));
    assert!(disk.complete(File::Snapshot, Lsn(4)));
    assert_eq!(snapshots(disk), [1]);
}
