//! What an operator removes, and what a power loss makes of that.

use super::*;
use zab_core::Purge;

const BROOM: Broom = Broom { is_flushed: false, cuts_log: false };

fn at(counter: u32) -> Zxid {
    Zxid::new(1, counter)
}

fn snapshot(counter: u32) -> Box<Replica> {
    Box::new(Replica { last_processed: at(counter), ..Replica::default() })
}

/// Records 1 to 12 in files of three, all durable, and a snapshot up to each of these, which is flushed or
/// only written.
fn disk_with(snapshots: &[u32], are_flushed: bool) -> SimDisk {
    let mut disk = SimDisk::default();
    let mut lsn = (1..).map(Lsn);
    let mut next = || lsn.next().expect("there are many");
    for counter in 1..=12 {
        if counter % 3 == 1 {
            disk.ask(next(), DiskOp::RollLog);
        }
        disk.ask(next(), DiskOp::Append(txn(counter)));
    }
    let flush = next();
    disk.ask(flush, DiskOp::Flush);
    assert!(disk.complete(File::Log, flush));
    for counter in snapshots {
        let (asked, replica) = (next(), snapshot(*counter));
        let op =
            if are_flushed { DiskOp::Snapshot(replica) } else { DiskOp::WriteSnapshot(replica) };
        disk.ask(asked, op);
        assert!(disk.complete(File::Snapshot, asked));
    }
    disk
}

/// The snapshots and the log that a process finds.
fn found(mut disk: SimDisk) -> (Vec<u32>, Vec<u32>) {
    let found = disk.recover().expect("sound");
    let snapshots = found.snapshots.iter().map(|snapshot| snapshot.last_processed.counter);
    (snapshots.collect(), counters(&found))
}

fn after_power_loss(mut disk: SimDisk) -> (Vec<u32>, Vec<u32>) {
    disk.lose_power(CrashMode::LoseAll);
    found(disk)
}

fn purge(disk: &mut SimDisk, broom: Broom) -> Purge {
    let purge = disk.purgeable(broom);
    disk.purge(purge);
    purge
}

#[test]
fn three_snapshots_are_kept_and_the_log_from_the_file_in_which_the_oldest_begins() {
    let table: [(&[u32], &[u32], u32); 7] = [
        (&[], &[], 1),
        // The snapshot of the first start is the third, and the log goes back to there.
        (&[5, 8], &[5, 8], 1),
        (&[5, 8, 11], &[5, 8, 11], 4),
        (&[2, 5, 8, 11], &[5, 8, 11], 4),
        (&[4, 8, 11], &[4, 8, 11], 4),
        (&[6, 8, 11], &[6, 8, 11], 4),
        (&[7, 8, 20], &[7, 8, 20], 7),
    ];
    for (snapshots, kept, first) in table {
        let mut disk = disk_with(snapshots, true);
        purge(&mut disk, BROOM);
        assert!(purge(&mut disk, BROOM).is_empty(), "{snapshots:?}: there is nothing more");
        let (left, log) = found(disk);
        assert_eq!((&left[..], log), (kept, (first..=12).collect()), "{snapshots:?}");
    }
}

#[test]
fn the_first_snapshot_of_a_disk_is_purged_once_and_its_log_with_it() {
    let mut disk = disk_with(&[5, 8, 11], true);
    assert!(!disk.clone().recover().expect("sound").is_purged);
    let Purge { snapshots_before, log_before, .. } = purge(&mut disk, BROOM);
    assert_eq!((snapshots_before, log_before), (Some(at(5)), Some(at(4))));
    let found = disk.recover().expect("sound");
    assert!(found.is_purged && found.log_files.starts().eq([0, 3, 6]));
    let mut blank = SimDisk::default().blanked();
    for counter in 1..=3 {
        blank.ask(Lsn(counter.into()), DiskOp::Snapshot(snapshot(counter)));
    }
    assert!(blank.complete(File::Snapshot, Lsn(3)));
    assert!(purge(&mut blank, BROOM).is_empty(), "it never had another one");
}

#[test]
fn a_snapshot_that_is_being_written_does_not_count() {
    let mut disk = disk_with(&[5, 8], true);
    disk.ask(Lsn(90), DiskOp::WriteSnapshot(snapshot(11)));
    assert!(disk.purgeable(BROOM).is_empty());
    assert!(disk.complete(File::Snapshot, Lsn(90)));
    assert_eq!(disk.purgeable(BROOM).snapshots_before, Some(at(5)));
    disk.ask(Lsn(91), DiskOp::EmptySnapshot(at(8)));
    assert!(disk.purgeable(BROOM).is_empty(), "one is written again in its place");
}

#[test]
fn a_file_of_the_log_has_its_name_before_it_has_a_record() {
    let mut disk = disk_with(&[5, 8, 13], true);
    for (lsn, op) in [(90, DiskOp::RollLog), (91, DiskOp::Append(txn(13))), (92, DiskOp::Flush)] {
        disk.ask(Lsn(lsn), op);
    }
    assert!(disk.fail(File::Log, Lsn(92), DiskError::Write), "it is in the buffer");
    let all = Broom { cuts_log: true, ..BROOM };
    assert_eq!(disk.purgeable(all).log_before, Some(at(7)));
}

/// ZOOKEEPER-2574.
#[test]
fn a_purge_that_cuts_the_log_removes_the_file_that_goes_on_behind_the_oldest_snapshot() {
    let all = Broom { cuts_log: true, ..BROOM };
    let left = |snapshots: &[u32]| {
        let mut disk = disk_with(snapshots, true);
        purge(&mut disk, all);
        found(disk).1
    };
    assert_eq!(left(&[5, 8, 11]), [7, 8, 9, 10, 11, 12]);
    assert_eq!(left(&[7, 8, 11]), [7, 8, 9, 10, 11, 12], "a file that begins there");
    assert_eq!(left(&[9, 10, 11]), [10, 11, 12]);
    assert!(left(&[11, 12, 13]).is_empty());
}

#[test]
fn what_was_purged_comes_back_unless_the_journal_was_flushed() {
    let mut disk = disk_with(&[5, 8, 11], true);
    purge(&mut disk, BROOM);
    assert_eq!(found(disk.clone()).1, (4..=12).collect::<Vec<_>>());
    assert_eq!(after_power_loss(disk.clone()).1, (1..=12).collect::<Vec<_>>());
    disk.ask(Lsn(90), DiskOp::WriteSnapshot(snapshot(12)));
    assert!(disk.complete(File::Snapshot, Lsn(90)));
    assert_eq!(
        after_power_loss(disk.clone()).1,
        (1..=12).collect::<Vec<_>>(),
        "that flushes nothing"
    );
    let mut flushed = disk.clone();
    flushed.ask(Lsn(91), DiskOp::Flush);
    assert!(flushed.complete(File::Log, Lsn(91)));
    assert_eq!(after_power_loss(flushed).1, (4..=12).collect::<Vec<_>>());
    let mut killed = disk.clone();
    killed.lose_process();
    assert!(killed.write_back());
    assert_eq!(after_power_loss(killed).1, (4..=12).collect::<Vec<_>>());
    disk.set_directories(Directories::Strict);
    disk.ask(Lsn(91), DiskOp::FlushFile);
    assert!(disk.complete(File::Log, Lsn(91)));
    assert_eq!(after_power_loss(disk).1, (1..=12).collect::<Vec<_>>(), "its folder is not");
}

#[test]
fn snapshots_that_nobody_flushed_are_all_that_a_purge_leaves_and_a_power_loss_takes_them() {
    let flush_log = |disk: &mut SimDisk| {
        disk.ask(Lsn(90), DiskOp::Flush);
        assert!(disk.complete(File::Log, Lsn(90)));
    };
    let mut disk = disk_with(&[5, 8, 11], false);
    assert_eq!(after_power_loss(disk.clone()), (vec![], (1..=12).collect()), "the log has it all");
    let mut careful = disk.clone();
    purge(&mut disk, BROOM);
    flush_log(&mut disk);
    assert_eq!(after_power_loss(disk), (vec![], (4..=12).collect()));
    purge(&mut careful, Broom { is_flushed: true, ..BROOM });
    assert_eq!(after_power_loss(careful.clone()), (vec![5, 8, 11], (1..=12).collect()));
    flush_log(&mut careful);
    assert_eq!(after_power_loss(careful), (vec![5, 8, 11], (4..=12).collect()));
}

#[test]
fn a_file_that_could_not_begin_takes_nothing_of_a_purge_along() {
    let mut disk = disk_with(&[5, 8, 11], true);
    for (lsn, op) in [(90, DiskOp::RollLog), (91, DiskOp::Append(txn(13))), (92, DiskOp::Flush)] {
        disk.ask(Lsn(lsn), op);
    }
    purge(&mut disk, BROOM);
    disk.ask(Lsn(93), DiskOp::Flush);
    assert!(disk.fail(File::Log, Lsn(93), DiskError::Header));
    disk.lose_process();
    assert_eq!(found(disk).1, (4..=12).collect::<Vec<_>>());
}
