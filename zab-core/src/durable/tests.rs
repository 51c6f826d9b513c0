//! What a server makes of its files.

use super::*;
use crate::event::Purge;
use crate::invariants::samples::txn;

/// Whether a server can truncate to this zxid that has this snapshot and this log.
fn can_truncate(snapshot: (u32, u32), log: &[(u32, u32)], to: (u32, u32)) -> bool {
    let last_processed = Zxid::new(snapshot.0, snapshot.1);
    let snapshot = Replica { last_processed, ..Replica::default() };
    let log = log.iter().map(|(epoch, counter)| txn(*epoch, *counter)).collect();
    let recovered = Recovered { snapshots: vec![snapshot], log, ..Recovered::default() };
    Durable::recover(recovered, Folders::default()).can_truncate_to(Zxid::new(to.0, to.1))
}

#[test]
fn a_truncation_leaves_exactly_the_history_that_ends_there() {
    let whole = [(1, 1), (1, 2), (1, 3), (2, 1)];
    let tail = [(1, 6), (1, 7)];
    let table = [
        ((0, 0), &whole[..], (1, 2), true, "it is in the log"),
        ((0, 0), &whole, (2, 1), true, "nothing is cut"),
        ((0, 0), &whole, (2, 0), true, "the mark falls between two records"),
        ((0, 0), &whole, (3, 0), false, "the log does not say that it reaches the mark"),
        ((0, 0), &whole, (1, 4), false, "another history goes on there"),
        ((0, 0), &whole, (3, 1), false, "the log does not reach it"),
        ((1, 5), &tail, (1, 5), true, "there the snapshot ends"),
        ((1, 5), &tail, (1, 6), true, "the log continues the snapshot"),
        ((1, 5), &tail, (1, 3), false, "nothing is left of what came before the snapshot"),
        ((1, 4), &tail, (1, 6), false, "between snapshot and log there is a hole"),
        ((1, 4), &tail, (1, 5), false, "the zxid is in that hole"),
        ((1, 5), &[], (1, 4), false, "there is only the snapshot"),
        ((1, 5), &[(2, 1)], (2, 0), true, "between the snapshot and the log"),
        ((1, 5), &[(3, 1)], (2, 0), false, "the log does not say that it reaches the mark"),
        ((1, 3), &[(1, 2), (1, 3)], (1, 1), false, "the snapshot holds more"),
    ];
    for (snapshot, log, to, expected, why) in table {
        assert_eq!(can_truncate(snapshot, log, to), expected, "{snapshot:?} {to:?}: {why}");
    }
}

#[test]
fn an_epoch_file_holds_what_the_last_write_left_once_that_is_done() {
    let (mut durable, mut out) = (Durable::default(), Vec::new());
    let accepted = [1, 2].map(|e| durable.write_accepted_epoch(Epoch(e), &mut out));
    durable.on_done(File::AcceptedEpoch, accepted[0]);
    assert_eq!(durable.accepted_epoch, Epoch(0), "the second write may be half done");
    durable.on_done(File::AcceptedEpoch, accepted[1]);
    let current = [1, 2].map(|e| durable.write_current_epoch(Epoch(e), &mut out));
    durable.on_done(File::CurrentEpoch, current[0]);
    assert_eq!((durable.accepted_epoch, durable.current_epoch), (Epoch(2), Epoch(0)));
    durable.on_done(File::CurrentEpoch, current[1]);
    assert_eq!(durable.current_epoch, Epoch(2));
}

/// Two records are durable, a third is appended and its flush under way.
fn flushing() -> (Durable, Lsn, Vec<Output>) {
    let mut out = Vec::new();
    let log = vec![txn(1, 1), txn(1, 2)];
    let mut durable =
        Durable::recover(Recovered { log, ..Recovered::default() }, Folders::default());
    durable.append(txn(1, 3), &mut out);
    let flush = durable.flush(&mut out);
    (durable, flush, out)
}

fn counters(durable: &Durable) -> Vec<u32> {
    durable.log().iter().map(|txn| txn.zxid.counter).collect()
}

#[test]
fn what_a_failed_flush_should_have_made_durable_can_be_read() {
    let (mut durable, flush, _) = flushing();
    durable.on_failed(File::Log, flush, DiskError::Flush);
    assert_eq!(counters(&durable), [1, 2, 3]);
    assert!(durable.is_idle() && !durable.is_done(File::Log, flush));
}

#[test]
fn what_a_failed_write_leaves_in_the_buffer_is_written_by_the_next_flush_or_cut() {
    let (mut durable, flush, mut out) = flushing();
    durable.on_failed(File::Log, flush, DiskError::Write);
    assert_eq!(counters(&durable), [1, 2]);
    let (mut cut, mut rewritten) = (durable.clone(), durable.clone());
    rewritten.rewrite_log(&mut out);
    assert_eq!(counters(&rewritten), [1, 2, 3]);
    durable.append(txn(2, 1), &mut out);
    let again = durable.flush(&mut out);
    assert_eq!(counters(&durable), [1, 2, 3, 1]);
    durable.on_failed(File::Log, again, DiskError::Write);
    assert_eq!(counters(&durable), [1, 2], "both are in the buffer");
    cut.truncate(Zxid::new(1, 3), &mut out);
    assert_eq!(counters(&cut), [1, 2, 3]);
    let flush = cut.flush(&mut out);
    cut.on_failed(File::Log, flush, DiskError::Write);
    assert_eq!(counters(&cut), [1, 2, 3], "there was nothing in the buffer");
}

#[test]
fn an_epoch_file_that_could_not_be_replaced_holds_what_it_held() {
    let (mut durable, _, mut out) = flushing();
    let lsn = durable.write_accepted_epoch(Epoch(4), &mut out);
    assert!(!durable.are_epochs_written());
    durable.on_failed(File::AcceptedEpoch, lsn, DiskError::Flush);
    assert!(durable.are_epochs_written());
    assert_eq!(durable.accepted_epoch, Epoch(0));
}

#[test]
fn a_snapshot_that_is_written_in_place_empties_the_one_of_its_zxid() {
    let ops = |saving, of: (u32, u32)| {
        let (mut durable, mut out) = (Durable::default(), Vec::new());
        let replica = |(epoch, counter)| Replica {
            last_processed: Zxid::new(epoch, counter),
            ..Replica::default()
        };
        durable.write_snapshot(replica((1, 2)), Saving::Flushed, &mut out);
        out.clear();
        durable.write_snapshot(replica(of), saving, &mut out);
        assert_eq!(durable.snapshot().last_processed, Zxid::new(of.0, of.1));
        let op = |output: &Output| match output {
            Output::Disk { op, .. } => op.to_string(),
            other => unreachable!("only the disk is asked: {other:?}"),
        };
        out.iter().map(op).collect::<Vec<_>>()
    };
    assert_eq!(ops(Saving::Flushed, (1, 2)), ["snapshot <1, 2>"]);
    assert_eq!(ops(Saving::Unflushed, (1, 2)), ["write snapshot <1, 2>"]);
    assert_eq!(ops(Saving::InPlace, (1, 2)), ["empty snapshot <1, 2>", "write snapshot <1, 2>"]);
    assert_eq!(ops(Saving::InPlace, (1, 3)), ["write snapshot <1, 3>"]);
}

#[test]
fn a_truncation_may_lead_back_to_an_older_snapshot() {
    let snapshots = [3, 5]
        .map(|counter| Replica { last_processed: Zxid::new(1, counter), ..Replica::default() });
    let log = [4, 5, 6].map(|counter| txn(1, counter)).to_vec();
    let of = |snapshots: &[Replica]| {
        let recovered =
            Recovered { snapshots: snapshots.to_vec(), log: log.clone(), ..Recovered::default() };
        Durable::recover(recovered, Folders::default()).can_truncate_to(Zxid::new(1, 4))
    };
    assert!(of(&snapshots) && !of(&snapshots[1..]));
}

/// Records 1 to 6 in files of three, with snapshots up to 2, 4 and 5, and the open file after that.
fn to_purge() -> (Durable, Vec<Output>) {
    let snapshots = [2, 4, 5]
        .map(|counter| Replica { last_processed: Zxid::new(1, counter), ..Replica::default() });
    let log = (1..=6).map(|counter| txn(1, counter)).collect();
    let recovered = Recovered {
        snapshots: snapshots.to_vec(),
        log,
        log_files: LogFiles::of([3, 3]),
        ..Recovered::default()
    };
    let (mut durable, mut out) = (Durable::recover(recovered, Folders::default()), Vec::new());
    durable.append(txn(1, 7), &mut out);
    (durable, out)
}

#[test]
fn the_files_of_a_log_are_those_of_its_records() {
    let (mut durable, mut out) = to_purge();
    let mut files = LogFiles::of([3, 3, 1]);
    assert_eq!(durable.log_files, files);
    durable.truncate(Zxid::new(1, 4), &mut out);
    files.truncate(4);
    assert_eq!(durable.log_files, files);
    durable.append(txn(2, 1), &mut out);
    files.append(true);
    assert_eq!(durable.log_files, files);
}

/// `FileTxnLog.append` sets `logStream` once the file is open, and writes the header then.
#[test]
fn a_file_that_cannot_be_begun_takes_its_records_along() {
    for (error, begins_again) in [(DiskError::Open, true), (DiskError::Header, false)] {
        let (mut durable, mut out) = to_purge();
        durable.append(txn(1, 8), &mut out);
        let flush = durable.flush(&mut out);
        durable.on_failed(File::Log, flush, error);
        assert_eq!(counters(&durable), [1, 2, 3, 4, 5, 6]);
        assert_eq!(durable.log_files, LogFiles::of([3, 3]));
        out.clear();
        durable.append(txn(1, 9), &mut out);
        let begins = |output: &Output| matches!(output, Output::Disk { op: DiskOp::RollLog, .. });
        assert_eq!(out.iter().any(begins), begins_again, "{error:?}");
    }
}

#[test]
fn what_was_found_is_flushed_by_the_operations_of_the_start_and_no_later_one() {
    let (mut durable, mut out) = (to_purge().0, Vec::new());
    durable.flush_recovered(&mut out);
    let asked = |output: &Output| match output {
        Output::Disk { lsn, .. } => *lsn,
        other => unreachable!("only the disk is asked: {other:?}"),
    };
    assert!(out.iter().map(asked).all(|lsn| durable.is_recovery(lsn)));
    let later = durable.flush(&mut out);
    assert!(!durable.is_recovery(later));
}

fn purge(oldest: u32, first: Zxid) -> Purge {
    let (snapshots_before, log_before) = (Some(Zxid::new(1, oldest)), Some(first));
    Purge { snapshots_before, log_before, is_flushed: false }
}

#[test]
fn what_was_purged_can_neither_be_read_nor_truncated_to() {
    let (mut durable, _) = to_purge();
    assert!(durable.can_truncate_to(Zxid::new(1, 3)));
    durable.on_purged(purge(5, Zxid::new(1, 4)));
    assert_eq!(counters(&durable), [4, 5, 6, 7]);
    assert_eq!(durable.log_files, LogFiles::of([3, 1]));
    for (counter, expected) in [(3, false), (4, false), (5, true), (6, true), (7, true)] {
        let to = Zxid::new(1, counter);
        assert_eq!(durable.can_truncate_to(to), expected, "no snapshot covers what stood before");
    }
    assert!(!durable.has_removed_open_log() && durable.log_continues_snapshot());
}

/// The first record of an epoch follows whatever stood before, and that may be gone.
#[test]
fn a_log_that_begins_with_an_epoch_says_nothing_of_what_was_purged() {
    let log = vec![txn(2, 1), txn(2, 2)];
    let last_processed = Zxid::new(2, 2);
    let snapshots = vec![Replica { last_processed, ..Replica::default() }];
    for (is_purged, expected) in [(false, true), (true, false)] {
        let (snapshots, log) = (snapshots.clone(), log.clone());
        let recovered = Recovered { snapshots, log, is_purged, ..Recovered::default() };
        let durable = Durable::recover(recovered, Folders::default());
        assert_eq!(durable.can_truncate_to(Zxid::new(2, 1)), expected);
    }
}

/// ZOOKEEPER-2574.
#[test]
fn an_open_file_that_is_purged_goes_on_in_no_folder_until_the_log_is_rolled() {
    let (mut durable, mut out) = to_purge();
    durable.flush(&mut out);
    durable.on_purged(purge(5, Purge::WHOLE_LOG));
    assert!(counters(&durable).is_empty() && durable.has_removed_open_log());
    out.clear();
    durable.append(txn(1, 8), &mut out);
    assert!(out.is_empty(), "nobody can read it");
    durable.roll_log();
    durable.append(txn(1, 9), &mut out);
    assert_eq!(counters(&durable), [9]);
    let (mut closed, _) = to_purge();
    closed.roll_log();
    closed.on_purged(purge(5, Purge::WHOLE_LOG));
    closed.append(txn(1, 8), &mut out);
    assert!(closed.has_removed_open_log(), "what it held is needed");
    assert_eq!(counters(&closed), [8], "and the next file is in its folder");
}
