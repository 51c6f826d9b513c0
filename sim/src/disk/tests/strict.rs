//! A disk on which a flush of a file does not make its name durable.

use super::*;

/// Record 1 is durable in a file of its own, and what is asked for next begins another one.
fn strict_disk() -> SimDisk {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::Append(txn(1)));
    disk.ask(Lsn(2), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(2)));
    disk.set_directories(Directories::Strict);
    disk.ask(Lsn(3), DiskOp::RollLog);
    disk.ask(Lsn(4), DiskOp::Append(txn(2)));
    disk
}

fn flushes(disk: &mut SimDisk, lsn: u64, op: DiskOp) {
    let file = op.file();
    disk.ask(Lsn(lsn), op);
    assert!(disk.complete(file, Lsn(lsn)));
}

fn after_power_loss(mut disk: SimDisk, mode: CrashMode) -> Recovered {
    disk.lose_power(mode);
    disk.recover().expect("a crash does not corrupt")
}

#[test]
fn a_new_log_file_is_gone_whole_unless_its_folder_is_flushed() {
    for (op, expected) in [(DiskOp::FlushFile, vec![1]), (DiskOp::Flush, vec![1, 2, 3])] {
        let mut disk = strict_disk();
        flushes(&mut disk, 5, op.clone());
        disk.ask(Lsn(6), DiskOp::Append(txn(3)));
        flushes(&mut disk, 7, op);
        let found = after_power_loss(disk.clone(), CrashMode::LoseAll);
        assert_eq!(counters(&found), expected);
        assert_eq!(found.log_files.records(), expected.len());
        let lucky = after_power_loss(disk.clone(), CrashMode::KeepPrefix(1));
        assert_eq!(counters(&lucky), [1, 2, 3], "its name is all that is not durable");
        disk.set_directories(Directories::Lenient);
        let lenient = after_power_loss(disk, CrashMode::LoseAll);
        assert_eq!(counters(&lenient), [1, 2, 3], "ext4, xfs, btrfs");
    }
}

#[test]
fn who_flushes_what_it_found_and_who_writes_back_makes_names_durable() {
    let mut disk = strict_disk();
    flushes(&mut disk, 5, DiskOp::FlushFile);
    disk.lose_process();
    assert_eq!(counters(&disk.clone().recover().expect("sound")), [1, 2], "it can be read");
    assert_eq!(counters(&after_power_loss(disk.clone(), CrashMode::LoseAll)), [1]);
    let mut written = disk.clone();
    assert!(written.write_back());
    assert_eq!(counters(&after_power_loss(written, CrashMode::LoseAll)), [1, 2]);
    flushes(&mut disk, 1, DiskOp::FlushRecovered(File::Log));
    assert_eq!(counters(&after_power_loss(disk, CrashMode::LoseAll)), [1, 2]);
}

#[test]
fn a_cut_comes_undone_until_the_folder_is_flushed() {
    for (op, expected) in [(DiskOp::FlushFile, vec![1, 2]), (DiskOp::Flush, vec![1])] {
        let mut disk = strict_disk();
        flushes(&mut disk, 5, DiskOp::Flush);
        disk.ask(Lsn(6), DiskOp::Truncate(Zxid::new(1, 1)));
        flushes(&mut disk, 7, op);
        assert_eq!(counters(&after_power_loss(disk, CrashMode::LoseAll)), expected);
    }
}

/// The log has a folder of its own (`dataLogDir`); snapshots and epoch files share one.
#[test]
fn a_snapshot_is_gone_unless_something_flushes_its_folder() {
    let replica = Replica { last_processed: Zxid::new(1, 1), ..Replica::default() };
    let snapshot = |disk: SimDisk| after_power_loss(disk, CrashMode::LoseAll).snapshots.len();
    let mut disk = strict_disk();
    flushes(&mut disk, 5, DiskOp::SnapshotFile(Box::new(replica)));
    flushes(&mut disk, 6, DiskOp::Rename(File::AcceptedEpoch, Epoch(2)));
    flushes(&mut disk, 7, DiskOp::Flush);
    assert_eq!(snapshot(disk.clone()), 0);
    flushes(&mut disk, 8, DiskOp::CurrentEpoch(Epoch(2)));
    let found = after_power_loss(disk, CrashMode::LoseAll);
    assert_eq!((found.snapshots.len(), found.accepted_epoch), (1, Epoch(2)));
    let mut whole = strict_disk();
    flushes(&mut whole, 5, DiskOp::Snapshot(Box::new(replica)));
    assert_eq!(snapshot(whole), 1);
}

#[test]
fn a_failed_flush_leaves_a_name_that_the_kernel_writes_back() {
    let mut disk = strict_disk();
    disk.ask(Lsn(5), DiskOp::FlushFile);
    assert!(disk.fail(File::Log, Lsn(5), DiskError::Flush));
    assert!(disk.write_back(), "the name is no page of the file");
    assert_eq!(counters(&after_power_loss(disk, CrashMode::LoseAll)), [1], "its record is");
}

#[test]
fn a_disk_that_is_created_again_is_in_the_same_world() {
    let mut disk = strict_disk().blanked();
    disk.ask(Lsn(1), DiskOp::RollLog);
    disk.ask(Lsn(2), DiskOp::Append(txn(1)));
    flushes(&mut disk, 3, DiskOp::FlushFile);
    assert!(after_power_loss(disk, CrashMode::LoseAll).log.is_empty());
}
