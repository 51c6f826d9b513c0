//! What a disk keeps and loses.

mod failures;
mod headless;
mod purge;
mod snapshots;
mod strict;

use super::*;
use record::RECORD;
use zab_core::{Change, Epoch, Replica, RequestId, SessionId, Txn, Zxid};

fn txn(counter: u32) -> Txn {
    let request = RequestId { session: SessionId(1), cxid: counter };
    Txn { zxid: Zxid::new(1, counter), request, change: Change::Rejected }
}

/// Records 1 to 3 are durable, and the file that record 4 was to begin cannot be begun.
fn disk_without_room_for_a_file(error: DiskError) -> SimDisk {
    let mut disk = busy_disk();
    assert!(disk.complete(File::Log, Lsn(5)));
    disk.ask(Lsn(8), DiskOp::RollLog);
    disk.ask(Lsn(9), DiskOp::Append(txn(4)));
    disk.ask(Lsn(10), DiskOp::Flush);
    assert!(disk.fail(File::Log, Lsn(10), error));
    disk
}

/// Record 1 is durable; records 2 and 3, an epoch and a snapshot are under way.
fn busy_disk() -> SimDisk {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::Append(txn(1)));
    disk.ask(Lsn(2), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(2)));
    disk.ask(Lsn(3), DiskOp::Append(txn(2)));
    disk.ask(Lsn(4), DiskOp::Append(txn(3)));
    disk.ask(Lsn(5), DiskOp::Flush);
    disk.ask(Lsn(6), DiskOp::AcceptedEpoch(Epoch(2)));
    let replica = Replica { last_processed: Zxid::new(1, 1), ..Replica::default() };
    disk.ask(Lsn(7), DiskOp::Snapshot(Box::new(replica)));
    disk
}

fn counters(recovered: &Recovered) -> Vec<u32> {
    recovered.log.iter().map(|txn| txn.zxid.counter).collect()
}

#[test]
fn a_crash_mode_decides_what_was_not_reported() {
    let table: [(CrashMode, &[u32], u32, u32); 6] = [
        (CrashMode::LoseAll, &[1], 0, 0),
        (CrashMode::KeepPrefix(0), &[1], 0, 0),
        (CrashMode::KeepPrefix(1), &[1, 2], 2, 1),
        (CrashMode::KeepPrefix(9), &[1, 2, 3], 2, 1),
        (CrashMode::Torn, &[1], 0, 0),
        (CrashMode::KeepAll, &[1, 2, 3], 2, 1),
    ];
    for (mode, log, accepted, snapshot) in table {
        let mut disk = busy_disk();
        disk.lose_power(mode);
        let found = disk.recover().expect("a crash does not corrupt");
        assert_eq!(counters(&found), log, "{mode:?}");
        assert_eq!(found.accepted_epoch, Epoch(accepted), "{mode:?}");
        assert_eq!(found.snapshot().last_processed.counter, snapshot, "{mode:?}");
    }
}

#[test]
fn nothing_is_durable_at_the_call() {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::CurrentEpoch(Epoch(4)));
    disk.lose_power(CrashMode::LoseAll);
    assert_eq!(disk.recover(), Ok(Recovered::default()));
}

#[test]
fn what_a_dead_process_asked_for_is_under_way_no_more() {
    let mut disk = busy_disk();
    assert!(!disk.is_idle() && disk.under_way(File::Log, Lsn(3)).is_some());
    disk.lose_process();
    assert!(disk.is_idle() && disk.under_way(File::Log, Lsn(3)).is_none());
    disk.ask(Lsn(1), DiskOp::Flush);
    assert!(
        !disk.is_idle() && !disk.complete(File::Log, Lsn(3)) && disk.complete(File::Log, Lsn(1))
    );
    assert!(disk.is_idle());
}

#[test]
fn a_killed_process_loses_nothing_that_it_asked_for() {
    let mut disk = busy_disk();
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 3]);
}

#[test]
fn a_torn_record_is_in_the_file_and_recovery_cuts_it_off() {
    let mut disk = busy_disk();
    assert!(disk.lose_power(CrashMode::Torn) && !disk.clone().lose_power(CrashMode::Torn));
    assert!(disk.log().len() > RECORD && disk.log().len() < 2 * RECORD);
    disk.recover().expect("a torn tail is no corruption");
    assert_eq!(disk.log().len(), RECORD);
    disk.ask(Lsn(1), DiskOp::Append(txn(2)));
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2]);
}

#[test]
fn every_tear_of_the_last_record_is_a_torn_tail() {
    let mut whole = Vec::new();
    (1..=3).for_each(|counter| record::encode(&txn(counter), &mut whole));
    for length in 2 * RECORD..3 * RECORD {
        let mut disk = SimDisk::with_log(whole[..length].to_vec());
        assert_eq!(counters(&disk.recover().expect("torn")), [1, 2], "cut at {length}");
    }
}

#[test]
fn any_flipped_bit_in_the_middle_is_reported_as_corruption() {
    let mut whole = Vec::new();
    (1..=3).for_each(|counter| record::encode(&txn(counter), &mut whole));
    for bit in 8 * RECORD..16 * RECORD {
        let mut log = whole.clone();
        log[bit / 8] ^= 1 << (bit % 8);
        let error = SimDisk::with_log(log).recover().expect_err("a bit was flipped");
        assert_eq!(error, Corruption { bad: RECORD, good: 2 * RECORD }, "bit {bit}");
    }
}

#[test]
fn truncation_takes_effect_in_its_place_among_the_appends() {
    let mut disk = busy_disk();
    disk.ask(Lsn(8), DiskOp::Truncate(Zxid::new(1, 2)));
    disk.ask(Lsn(9), DiskOp::Append(txn(9)));
    let mut early = disk.clone();
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 9]);
    early.lose_power(CrashMode::KeepPrefix(2));
    assert_eq!(counters(&early.recover().expect("sound")), [1, 2, 3], "not truncated yet");
}

#[test]
fn the_newest_snapshot_counts_until_it_is_dropped() {
    let mut disk = SimDisk::default();
    for (lsn, counter) in [(1, 7), (2, 4)] {
        let last_processed = Zxid::new(1, counter);
        let replica = Replica { last_processed, ..Replica::default() };
        disk.ask(Lsn(lsn), DiskOp::Snapshot(Box::new(replica)));
    }
    assert!(disk.complete(File::Snapshot, Lsn(2)));
    assert_eq!(disk.recover().expect("sound").snapshot().last_processed, Zxid::new(1, 7));
    disk.ask(Lsn(3), DiskOp::DropSnapshotsAfter(Zxid::new(1, 5)));
    assert!(disk.complete(File::Snapshot, Lsn(3)));
    assert_eq!(disk.recover().expect("sound").snapshot().last_processed, Zxid::new(1, 4));
}

/// Record 1 is durable, record 2 was appended by a process that died, and record 3 by the next one,
/// which has flushed what it wrote, in a file of its own.
fn disk_after_a_kill() -> SimDisk {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::Append(txn(1)));
    disk.ask(Lsn(2), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(2)));
    disk.ask(Lsn(3), DiskOp::Append(txn(2)));
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2]);
    disk.ask(Lsn(1), DiskOp::RollLog);
    disk.ask(Lsn(2), DiskOp::Append(txn(3)));
    disk.ask(Lsn(3), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(3)));
    disk
}

#[test]
fn what_a_killed_process_leaves_can_be_read_and_is_not_durable() {
    let table: [(CrashMode, &[u32]); 4] = [
        (CrashMode::LoseAll, &[1, 3]),
        (CrashMode::Torn, &[1, 3]),
        (CrashMode::KeepPrefix(1), &[1, 2, 3]),
        (CrashMode::KeepAll, &[1, 2, 3]),
    ];
    for (mode, log) in table {
        let mut disk = disk_after_a_kill();
        assert!(!disk.lose_power(mode), "nothing is torn inside the log");
        assert_eq!(counters(&disk.recover().expect("sound")), log, "{mode:?}");
    }
    let mut disk = disk_after_a_kill();
    disk.lose_process();
    assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 3]);
}

#[test]
fn what_was_left_is_durable_once_it_is_written_back_or_flushed() {
    let write_back = |disk: &mut SimDisk| assert!(disk.write_back() && !disk.write_back());
    let flush = |disk: &mut SimDisk| {
        disk.ask(Lsn(3), DiskOp::FlushRecovered(File::Log));
        assert!(!disk.has_nothing_to_do(File::Log, Lsn(3)));
        assert!(disk.complete(File::Log, Lsn(3)));
        disk.ask(Lsn(4), DiskOp::FlushRecovered(File::Log));
        assert!(disk.has_nothing_to_do(File::Log, Lsn(4)));
    };
    for settle in [write_back as fn(&mut SimDisk), flush] {
        let mut disk = disk_after_a_kill();
        settle(&mut disk);
        disk.lose_power(CrashMode::LoseAll);
        assert_eq!(counters(&disk.recover().expect("sound")), [1, 2, 3]);
    }
}

#[test]
fn a_flush_writes_the_journal_and_with_it_what_was_cut_before() {
    let mut disk = disk_after_a_kill();
    disk.ask(Lsn(3), DiskOp::Truncate(Zxid::new(1, 2)));
    disk.lose_process();
    let mut undone = disk.clone();
    undone.lose_power(CrashMode::LoseAll);
    assert_eq!(counters(&undone.recover().expect("sound")), [1, 3], "the cut is undone");
    disk.recover().expect("sound");
    disk.ask(Lsn(1), DiskOp::Flush);
    assert!(disk.complete(File::Log, Lsn(1)));
    disk.lose_power(CrashMode::LoseAll);
    assert_eq!(counters(&disk.recover().expect("sound")), [1]);
}

#[test]
fn an_epoch_that_a_killed_process_has_renamed_is_durable_once_anything_is_flushed() {
    let killed = || {
        let mut disk = busy_disk();
        disk.lose_process();
        assert_eq!(disk.recover().expect("sound").accepted_epoch, Epoch(2));
        disk
    };
    let accepted = |mut disk: SimDisk| {
        disk.lose_power(CrashMode::LoseAll);
        disk.recover().expect("sound").accepted_epoch
    };
    assert_eq!(accepted(killed()), Epoch(0), "the name is undone");
    for op in
        [DiskOp::Flush, DiskOp::FlushRecovered(File::AcceptedEpoch), DiskOp::CurrentEpoch(Epoch(1))]
    {
        let (mut disk, file) = (killed(), op.file());
        disk.ask(Lsn(1), op);
        assert!(disk.complete(file, Lsn(1)));
        assert_eq!(accepted(disk), Epoch(2));
    }
    let mut removed = killed();
    removed.ask(Lsn(1), DiskOp::DropSnapshotsAfter(Zxid::ZERO));
    assert!(removed.complete(File::Snapshot, Lsn(1)));
    assert_eq!(accepted(removed), Epoch(0), "a removal flushes nothing");
    let mut written_back = killed();
    assert!(written_back.write_back());
    assert_eq!(accepted(written_back), Epoch(2));
}

#[test]
fn a_file_whose_folder_is_not_flushed_has_its_old_contents_after_a_power_loss() {
    let mut disk = SimDisk::default();
    disk.ask(Lsn(1), DiskOp::Rename(File::AcceptedEpoch, Epoch(3)));
    assert!(disk.complete(File::AcceptedEpoch, Lsn(1)));
    let mut lost = disk.clone();
    lost.lose_power(CrashMode::LoseAll);
    assert_eq!(lost.recover().expect("sound").accepted_epoch, Epoch(0));
    disk.ask(Lsn(2), DiskOp::Rename(File::CurrentEpoch, Epoch(3)));
    assert!(disk.complete(File::CurrentEpoch, Lsn(2)));
    disk.lose_power(CrashMode::LoseAll);
    let found = disk.recover().expect("sound");
    assert_eq!((found.accepted_epoch, found.current_epoch), (Epoch(3), Epoch(0)));
}

#[test]
fn the_log_is_spread_over_files() {
    let mut disk = SimDisk::default();
    let mut lsn = 0;
    let mut ask = |disk: &mut SimDisk, op: DiskOp| {
        lsn += 1;
        disk.ask(Lsn(lsn), op);
        Lsn(lsn)
    };
    for counter in 1..=5 {
        if counter % 2 == 1 {
            ask(&mut disk, DiskOp::RollLog);
        }
        ask(&mut disk, DiskOp::Append(txn(counter)));
        if counter == 3 {
            let flush = ask(&mut disk, DiskOp::Flush);
            assert!(disk.complete(File::Log, flush));
        }
    }
    let starts = |mut disk: SimDisk, mode| {
        disk.lose_power(mode);
        disk.recover().expect("sound").log_files.starts().collect::<Vec<_>>()
    };
    assert_eq!(starts(disk.clone(), CrashMode::KeepAll), [0, 2, 4]);
    assert_eq!(starts(disk.clone(), CrashMode::KeepPrefix(1)), [0, 2], "a new file has no records");
    assert_eq!(starts(disk.clone(), CrashMode::LoseAll), [0, 2]);
    ask(&mut disk, DiskOp::Truncate(Zxid::new(1, 1)));
    assert_eq!(starts(disk, CrashMode::KeepAll), [0], "later files are removed");
}

#[test]
fn a_disk_is_blank_until_a_current_epoch_on_it_is_durable() {
    let mut disk = SimDisk::default().blanked();
    disk.ask(Lsn(1), DiskOp::AcceptedEpoch(Epoch(2)));
    assert!(disk.complete(File::AcceptedEpoch, Lsn(1)));
    disk.ask(Lsn(2), DiskOp::Rename(File::CurrentEpoch, Epoch(2)));
    assert!(disk.complete(File::CurrentEpoch, Lsn(2)));
    let mut lost = disk.clone();
    disk.lose_process();
    assert!(disk.is_blank() && !disk.recover().expect("sound").is_blank);
    lost.lose_power(CrashMode::LoseAll);
    assert!(lost.recover().expect("sound").is_blank);
    assert!(disk.write_back() && !disk.is_blank());
}
