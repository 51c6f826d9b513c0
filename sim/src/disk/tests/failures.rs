//! What is left of operations that fail.

use super::*;

#[test]
fn what_a_failed_flush_should_have_made_durable_is_read_until_the_power_goes() {
    let mut disk = busy_disk();
    assert!(disk.fail(File::Log, Lsn(5), DiskError::Flush) && !disk.complete(File::Log, Lsn(5)));
    assert!(disk.complete(File::AcceptedEpoch, Lsn(6)), "another file is another matter");
    disk.ask(Lsn(8), DiskOp::Append(txn(4)));
    disk.ask(Lsn(9), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(9)), "the next flush succeeds");
    disk.lose_process();
    disk.write_back();
    let mut killed = disk.clone();
    assert_eq!(counters(&killed.recover().expect("sound")), [1, 2, 3, 4]);
    disk.lose_power(CrashMode::LoseAll);
    let left = counters(&disk.recover().expect("sound"));
    assert_eq!(left, [1], "the kernel took them for clean, and there the file ends");
    killed.ask(Lsn(1), DiskOp::FlushRecovered(File::Log));
    assert!(killed.complete(File::Log, Lsn(1)));
    killed.lose_power(CrashMode::LoseAll);
    assert_eq!(counters(&killed.recover().expect("sound")), [1, 2, 3, 4], "written once more");
}

/// `FileTxnIterator.next`: a record of length 0 ends the file, and the next file is read.
#[test]
fn a_record_that_is_not_there_hides_the_rest_of_its_file_and_no_other() {
    for (begins_file, expected) in [(false, vec![1]), (true, vec![1, 4])] {
        let mut disk = busy_disk();
        assert!(disk.fail(File::Log, Lsn(5), DiskError::Flush));
        if begins_file {
            disk.ask(Lsn(8), DiskOp::RollLog);
        }
        disk.ask(Lsn(9), DiskOp::Append(txn(4)));
        disk.ask(Lsn(10), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(10)));
        disk.lose_power(CrashMode::LoseAll);
        assert_eq!(counters(&disk.recover().expect("sound")), expected);
    }
}

/// ZOOKEEPER-1621: what is left of a file whose first record is gone, `FileTxnLog.FileTxnIterator` reads
/// from 3.9.3 on as this; up to 3.9.2 somebody has to remove it first.
#[test]
fn a_log_file_without_its_first_record_is_none() {
    for mode in [CrashMode::LoseAll, CrashMode::KeepPrefix(0), CrashMode::Torn] {
        let mut disk = busy_disk();
        assert!(disk.complete(File::Log, Lsn(5)));
        disk.ask(Lsn(8), DiskOp::RollLog);
        disk.ask(Lsn(9), DiskOp::Append(txn(4)));
        disk.lose_power(mode);
        let found = disk.recover().expect("no file stops a start");
        assert_eq!(counters(&found), [1, 2, 3], "{mode:?}");
        assert_eq!(found.log_files.records(), 3, "{mode:?}");
        disk.ask(Lsn(1), DiskOp::RollLog);
        disk.ask(Lsn(2), DiskOp::Append(txn(4)));
        disk.lose_process();
        let found = disk.recover().expect("sound");
        assert_eq!(found.log_files.starts().collect::<Vec<_>>(), [0, 3], "{mode:?}");
    }
}

#[test]
fn what_could_not_be_written_stays_in_the_buffer_until_the_next_flush() {
    let mut disk = busy_disk();
    assert!(disk.fail(File::Log, Lsn(5), DiskError::Write));
    let mut killed = disk.clone();
    killed.lose_process();
    assert_eq!(counters(&killed.recover().expect("sound")), [1], "the buffer is the process's");
    let mut unlucky = disk.clone();
    unlucky.lose_power(CrashMode::KeepAll);
    assert_eq!(counters(&unlucky.recover().expect("sound")), [1]);
    disk.ask(Lsn(8), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(8)));
    disk.lose_power(CrashMode::LoseAll);
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 3]);
}

#[test]
fn a_cut_is_done_before_the_flush_behind_it_fails_and_closes_the_stream() {
    for (error, log) in [(DiskError::Write, &[1, 2][..]), (DiskError::Flush, &[1, 2, 9])] {
        let mut disk = busy_disk();
        assert!(disk.fail(File::Log, Lsn(5), DiskError::Write), "2 and 3 are in the buffer");
        disk.ask(Lsn(8), DiskOp::Truncate(Zxid::new(1, 2)));
        disk.ask(Lsn(9), DiskOp::Append(txn(9)));
        disk.ask(Lsn(10), DiskOp::Flush);
        assert!(disk.fail(File::Log, Lsn(10), error));
        disk.lose_process();
        assert_eq!(counters(&disk.recover().expect("sound")), log, "{error}");
    }
}

#[test]
fn a_cut_that_fails_leaves_the_log_uncut_and_the_buffer_with_the_process() {
    let mut disk = busy_disk();
    assert!(disk.complete(File::Log, Lsn(5)));
    disk.ask(Lsn(8), DiskOp::Append(txn(4)));
    disk.ask(Lsn(9), DiskOp::Truncate(Zxid::new(1, 1)));
    assert!(disk.fail(File::Log, Lsn(9), DiskError::Write));
    assert_eq!(disk.under_way(File::Log, Lsn(9)), None);
    let mut killed = disk.clone();
    killed.lose_process();
    assert_eq!(counters(&killed.recover().expect("sound")), [1, 2, 3]);
    disk.ask(Lsn(10), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(10)));
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 3, 4]);
}

#[test]
fn the_log_needs_a_block_when_it_begins_a_file_or_has_filled_the_one_in_use() {
    let mut disk = SimDisk::default();
    let mut needs = Vec::new();
    for (counter, lsn) in (1..=8).zip((10..).step_by(10)) {
        if counter == 6 {
            disk.ask(Lsn(lsn), DiskOp::RollLog);
        }
        disk.ask(Lsn(lsn + 1), DiskOp::Append(txn(counter)));
        disk.ask(Lsn(lsn + 2), DiskOp::Flush);
        needs.push(disk.need(File::Log, Lsn(lsn + 2)));
        assert!(disk.complete(File::Log, Lsn(lsn + 2)));
    }
    let (write, block, file) = (Need::Write, Need::Block, Need::File);
    assert_eq!(needs, [block, write, write, write, block, file, write, write]);
    disk.ask(Lsn(90), DiskOp::Append(txn(9)));
    disk.ask(Lsn(91), DiskOp::Append(txn(10)));
    disk.ask(Lsn(92), DiskOp::Flush);
    assert_eq!(disk.need(File::Log, Lsn(92)), Need::Block, "only the first of the two fits");
}

#[test]
fn of_a_file_that_cannot_be_begun_nothing_is_left_to_write() {
    for error in [DiskError::Header, DiskError::Open] {
        let mut disk = disk_without_room_for_a_file(error);
        disk.ask(Lsn(11), DiskOp::Append(txn(5)));
        disk.ask(Lsn(12), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(12)));
        disk.lose_process();
        assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 3, 5]);
    }
}

#[test]
fn what_an_operation_needs_of_a_disk_is_what_it_has_to_write() {
    let mut disk = busy_disk();
    assert_eq!(disk.need(File::Log, Lsn(5)), Need::Write, "records 2 and 3");
    assert_eq!(disk.need(File::AcceptedEpoch, Lsn(6)), Need::Block, "the file beside it");
    assert_eq!(disk.need(File::Snapshot, Lsn(7)), Need::Block);
    disk.ask(Lsn(8), DiskOp::Truncate(Zxid::new(1, 2)));
    assert_eq!(disk.need(File::Log, Lsn(8)), Need::Nothing, "the flush before it writes them");
    disk.ask(Lsn(9), DiskOp::Flush);
    assert_eq!(disk.need(File::Log, Lsn(9)), Need::Nothing, "there is nothing to write");
    disk.ask(Lsn(10), DiskOp::DropSnapshotsAfter(Zxid::ZERO));
    assert_eq!(disk.need(File::Snapshot, Lsn(10)), Need::Nothing);
    disk.ask(Lsn(11), DiskOp::FlushRecovered(File::AcceptedEpoch));
    assert_eq!(disk.need(File::AcceptedEpoch, Lsn(11)), Need::Nothing, "its folder is flushed");
    let mut failed = busy_disk();
    assert!(failed.fail(File::Log, Lsn(5), DiskError::Write));
    failed.ask(Lsn(8), DiskOp::Truncate(Zxid::new(1, 2)));
    assert_eq!(
        failed.need(File::Log, Lsn(8)),
        Need::Write,
        "to close the stream writes its buffer"
    );
}

#[test]
fn an_epoch_or_a_snapshot_that_fails_is_as_it_was() {
    for error in [DiskError::Write, DiskError::Flush] {
        let mut disk = busy_disk();
        assert!(disk.fail(File::AcceptedEpoch, Lsn(6), error));
        assert!(disk.fail(File::Snapshot, Lsn(7), error));
        disk.lose_process();
        let found = disk.recover().expect("sound");
        assert_eq!((found.accepted_epoch, found.snapshots), (Epoch(0), Vec::new()));
    }
}

/// One record, which a write that failed has left in the buffer.
fn disk_with_a_buffer() -> SimDisk {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::Append(txn(1)));
    disk.ask(Lsn(2), DiskOp::Flush);
    assert!(disk.fail(File::Log, Lsn(2), DiskError::Write));
    disk
}

#[test]
fn a_flush_or_a_cut_that_is_under_way_has_written_the_buffer() {
    for op in [DiskOp::Flush, DiskOp::Truncate(Zxid::new(1, 1))] {
        let mut disk = disk_with_a_buffer();
        disk.ask(Lsn(3), op);
        disk.lose_process();
        assert_eq!(counters(&disk.recover().expect("sound")), [1]);
    }
    let mut disk = disk_with_a_buffer();
    disk.ask(Lsn(3), DiskOp::Append(txn(2)));
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [2], "the buffer ends with its process");
}

#[test]
fn a_flush_needs_room_for_what_no_flush_before_it_writes() {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::RollLog);
    for (lsn, counter) in [(2, 1), (4, 2)] {
        disk.ask(Lsn(lsn), DiskOp::Append(txn(counter)));
        disk.ask(Lsn(lsn + 1), DiskOp::Flush);
    }
    assert_eq!(disk.need(File::Log, Lsn(3)), Need::File);
    assert_eq!(disk.need(File::Log, Lsn(5)), Need::Write, "the file is begun by then");
    assert!(disk.fail(File::Log, Lsn(3), DiskError::Write));
    assert_eq!(disk.need(File::Log, Lsn(5)), Need::File, "what is in the buffer comes first");
}

#[test]
fn every_record_of_a_file_that_cannot_be_begun_is_gone() {
    for error in [DiskError::Header, DiskError::Open] {
        let mut disk = SimDisk::default();
        disk.ask(Lsn(1), DiskOp::RollLog);
        disk.ask(Lsn(2), DiskOp::Append(txn(1)));
        disk.ask(Lsn(3), DiskOp::Append(txn(2)));
        disk.ask(Lsn(4), DiskOp::Flush);
        assert!(disk.fail(File::Log, Lsn(4), error));
        disk.ask(Lsn(5), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(5)));
        disk.lose_process();
        assert_eq!(counters(&disk.recover().expect("sound")), [0; 0], "{error:?}");
    }
}

#[test]
fn a_flush_that_fails_leaves_other_flushes_and_other_processes_alone() {
    for error in [DiskError::Flush, DiskError::Write] {
        let mut disk = disk_after_a_kill();
        disk.recover().expect("sound");
        disk.ask(Lsn(3), DiskOp::Flush);
        disk.ask(Lsn(4), DiskOp::Append(txn(4)));
        disk.ask(Lsn(5), DiskOp::Flush);
        assert!(disk.fail(File::Log, Lsn(5), error));
        assert!(disk.complete(File::Log, Lsn(3)), "{error:?}: it takes its own course");
        // What the dead process has left is the kernel's to write back.
        assert!(disk.write_back());
        disk.lose_power(CrashMode::LoseAll);
        let found = counters(&disk.recover().expect("sound"));
        assert_eq!(found[..3], [1, 2, 3], "{error:?}");
    }
}

#[test]
fn nothing_is_torn_where_a_later_record_of_the_file_was_flushed() {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::Append(txn(1)));
    disk.ask(Lsn(2), DiskOp::Flush);
    assert!(disk.fail(File::Log, Lsn(2), DiskError::Flush));
    disk.ask(Lsn(3), DiskOp::Append(txn(2)));
    disk.ask(Lsn(4), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(4)));
    assert!(!disk.lose_power(CrashMode::Torn));
    assert_eq!(counters(&disk.recover().expect("sound")), [0; 0]);
}

/// One journal (ext4, xfs): it is written by an fsync of any file, also after one that failed.
#[test]
fn a_log_whose_removal_failed_to_be_flushed_is_gone_once_any_file_is_flushed() {
    let removed = || {
        let mut disk = SimDisk::default();
        disk.ask(Lsn(1), DiskOp::Append(txn(1)));
        disk.ask(Lsn(2), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(2)));
        disk.ask(Lsn(3), DiskOp::Truncate(Zxid::ZERO));
        disk.ask(Lsn(4), DiskOp::Flush);
        assert!(disk.fail(File::Log, Lsn(4), DiskError::Flush));
        disk.lose_process();
        disk
    };
    let found_without_power = |mut disk: SimDisk| {
        disk.lose_power(CrashMode::LoseAll);
        counters(&disk.recover().expect("sound"))
    };
    assert_eq!(counters(&removed().recover().expect("sound")), [0; 0]);
    assert_eq!(found_without_power(removed()), [1]);
    for (file, op) in [
        (File::CurrentEpoch, DiskOp::CurrentEpoch(Epoch(2))),
        (File::Snapshot, DiskOp::Snapshot(Box::default())),
        (File::Log, DiskOp::FlushRecovered(File::Log)),
    ] {
        let mut disk = removed();
        disk.ask(Lsn(5), op);
        assert!(disk.complete(file, Lsn(5)));
        assert_eq!(found_without_power(disk), [0; 0], "{file:?}");
    }
    let mut strict = removed();
    strict.set_directories(Directories::Strict);
    strict.ask(Lsn(5), DiskOp::CurrentEpoch(Epoch(2)));
    assert!(strict.complete(File::CurrentEpoch, Lsn(5)));
    assert_eq!(found_without_power(strict), [1], "the log has a folder of its own");
}
