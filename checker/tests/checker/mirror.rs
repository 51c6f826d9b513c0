//! What the checker takes to be on a disk: what can be read, and what survives a power loss.

use crate::story::{Story, assert_broken, txn};
use zab_checker::Fact;
use zab_checker::custody::{OnDisk, ServerState};
use zab_checker::verdict::Class;
use zab_core::{DiskError, DiskOp, Epoch, File, Lsn, NodeId, Purge, Replica, Txn, Zxid};

/// What is on the disk of S1.
fn disk(story: &Story) -> ServerState {
    story.checker.servers()[1].clone()
}

/// Where a transaction is at S1.
fn at_s1(story: &Story, txn: &Txn) -> OnDisk {
    let holdings = story.checker.custody(txn);
    holdings.iter().find(|holding| holding.server == NodeId(1)).expect("it is there").disk
}

fn zxids(counters: &[u32]) -> Vec<Zxid> {
    counters.iter().map(|counter| Zxid::new(1, *counter)).collect()
}

fn replica(txns: &[Txn]) -> Replica {
    let mut replica = Replica::default();
    txns.iter().for_each(|txn| replica.apply(txn));
    replica
}

fn fails(lsn: u64, file: File, error: DiskError) -> Fact {
    Fact::DiskFailed { file, lsn: Lsn(lsn), error }
}

#[test]
fn a_log_has_a_hole_where_a_record_after_the_snapshot_does_not_follow() {
    let three = [txn(1, 1), txn(1, 2), txn(1, 3)];
    let hole = |snapshot: &[Txn], log: &[Txn]| {
        let mut story = Story::new(3);
        story.starts_from(1, replica(snapshot), log);
        disk(&story).hole
    };
    assert_eq!(hole(&[], &three), None);
    assert_eq!(hole(&three[..2], &three), None);
    assert_eq!(hole(&three[..2], &three[2..]), None);
    assert_eq!(hole(&[], &[three[0], three[2]]), Some((Zxid::new(1, 1), Zxid::new(1, 3))));
    assert_eq!(hole(&[], &three[1..]), Some((Zxid::ZERO, Zxid::new(1, 2))));
}

#[test]
fn a_record_is_on_its_way_until_it_is_flushed() {
    let mut story = Story::of_three();
    story.logs(1, txn(1, 1)).appends(1, txn(1, 2));
    assert_eq!((disk(&story).logged(), &disk(&story).unflushed), (&zxids(&[1])[..], &zxids(&[2])));
    assert_eq!(at_s1(&story, &txn(1, 2)), OnDisk::Unflushed);
    let mut lost = story.fork();
    lost.loses_power(1);
    assert_eq!(at_s1(&lost, &txn(1, 2)), OnDisk::No);
    assert_eq!(at_s1(&lost, &txn(1, 1)), OnDisk::Durable);
    story.is_killed(1);
    assert_eq!(disk(&story).unflushed, zxids(&[2]));
    story.fact(1, Fact::WrittenBack);
    assert_eq!(disk(&story).logged(), zxids(&[1, 2]));
    assert!(disk(&story).unflushed.is_empty());
}

#[test]
fn a_cut_keeps_the_record_that_it_is_named_after() {
    let mut story = Story::of_three();
    story.logs(1, txn(1, 1)).logs(1, txn(1, 2));
    story.asks_disk(1, DiskOp::Truncate(Zxid::new(1, 1))).flushes(1);
    assert_eq!(disk(&story).logged(), zxids(&[1]));
}

#[test]
fn a_snapshot_takes_the_place_of_one_of_its_zxid_and_of_no_other() {
    let (first, second) = (txn(1, 1), txn(1, 2));
    let mut story = Story::of_three();
    let writes = |story: &mut Story, txns: &[Txn]| {
        let snapshot = DiskOp::Snapshot(Box::new(replica(txns)));
        story.asks_disk(1, snapshot).disk_done(1, File::Snapshot);
    };
    // No record is in the log: the snapshots are all there is.
    story.delivers(1, first).delivers(2, second);
    writes(&mut story, &[first]);
    writes(&mut story, &[second]);
    assert!(disk(&story).last_logged == second.zxid && !disk(&story).holds(first.zxid));
    story.delivers(1, second);
    writes(&mut story, &[first, second]);
    assert!(disk(&story).holds(first.zxid), "the later one of a zxid counts");
    story.asks_disk(1, DiskOp::DropSnapshotsAfter(first.zxid)).disk_done(1, File::Snapshot);
    // The removal is durable with the next flush.
    story.flushes(1);
    assert_eq!(disk(&story).last_logged, first.zxid);
}

#[test]
fn a_flush_that_is_under_way_has_written_the_buffer() {
    let mut story = Story::of_three();
    story.appends(1, txn(1, 1)).asks_disk(1, DiskOp::Flush);
    story.fact(1, fails(2, File::Log, DiskError::Write));
    assert_eq!(at_s1(&story, &txn(1, 1)), OnDisk::No);
    let mut cut = story.fork();
    cut.asks_disk(1, DiskOp::Truncate(Zxid::new(1, 1)));
    assert_eq!(at_s1(&cut, &txn(1, 1)), OnDisk::Unflushed);
    story.asks_disk(1, DiskOp::Flush);
    assert_eq!(at_s1(&story, &txn(1, 1)), OnDisk::Unflushed);
    story.is_killed(1).fact(1, Fact::WrittenBack);
    assert_eq!(at_s1(&story, &txn(1, 1)), OnDisk::Durable);
}

#[test]
fn what_was_flushed_after_something_that_was_left_stands_after_it() {
    let mut story = Story::of_three();
    story.appends(1, txn(1, 1)).is_killed(1).starts(1, &[txn(1, 1)]);
    story.asks_disk(1, DiskOp::RollLog).logs(1, txn(1, 2)).logs(1, txn(1, 3)).flushes(1);
    assert_eq!(
        (disk(&story).logged(), &disk(&story).unflushed),
        (&zxids(&[2, 3])[..], &zxids(&[1]))
    );
    let mut other = story.fork();
    other.asks_disk(1, DiskOp::FlushRecovered(File::Snapshot)).disk_done(1, File::Snapshot);
    assert_eq!(disk(&other).logged(), zxids(&[2, 3]), "another file's flush is not the log's");
    story.asks_disk(1, DiskOp::FlushRecovered(File::Log)).disk_done(1, File::Log);
    assert_eq!(disk(&story).logged(), zxids(&[1, 2, 3]));
}

#[test]
fn what_failed_is_not_there_later_and_other_files_take_their_course() {
    let mut story = Story::of_three();
    story.appends(1, txn(1, 1)).asks_disk(1, DiskOp::CurrentEpoch(Epoch(1)));
    story.asks_disk(1, DiskOp::AcceptedEpoch(Epoch(1)));
    story.fact(1, fails(2, File::CurrentEpoch, DiskError::Write));
    assert_eq!(at_s1(&story, &txn(1, 1)), OnDisk::Unflushed);
    story.is_killed(1).fact(1, Fact::WrittenBack);
    let found = disk(&story);
    assert_eq!((found.current_epoch, found.accepted_epoch), (Epoch(0), Epoch(1)));
    assert_eq!(found.logged(), zxids(&[1]));
}

#[test]
fn of_a_log_file_that_cannot_be_begun_nothing_is_left() {
    for error in [DiskError::Header, DiskError::Open] {
        let mut story = Story::of_three();
        story.logs(1, txn(1, 1)).asks_disk(1, DiskOp::RollLog).appends(1, txn(1, 2));
        story.asks_disk(1, DiskOp::AcceptedEpoch(Epoch(1))).asks_disk(1, DiskOp::Flush);
        story.fact(1, fails(6, File::Log, error));
        assert_eq!(at_s1(&story, &txn(1, 2)), OnDisk::No);
        story.disk_done(1, File::AcceptedEpoch);
        assert_eq!(disk(&story).accepted_epoch, Epoch(1), "another file is another matter");
        story.flushes(1);
        assert_eq!(disk(&story).logged(), zxids(&[1]), "{error:?}");
    }
}

/// `FileTxnLog.truncate` closes the stream before it cuts, which writes the buffer.
#[test]
fn what_stands_before_a_cut_was_written_though_the_write_after_it_fails() {
    let mut story = Story::of_three();
    story.appends(1, txn(1, 1)).asks_disk(1, DiskOp::Truncate(Zxid::new(1, 1)));
    story.appends(1, txn(1, 2)).asks_disk(1, DiskOp::Flush);
    story.fact(1, fails(4, File::Log, DiskError::Write));
    assert_eq!(at_s1(&story, &txn(1, 1)), OnDisk::Unflushed);
    assert_eq!(at_s1(&story, &txn(1, 2)), OnDisk::No, "it is in the buffer");
    story.is_killed(1).fact(1, Fact::WrittenBack);
    assert_eq!(disk(&story).logged(), zxids(&[1]));
}

#[test]
fn a_snapshot_in_its_place_is_read_once_it_is_written_and_durable_once_written_back() {
    let state = replica(&[txn(1, 1)]);
    let mut story = Story::of_three();
    story.asks_disk(1, DiskOp::WriteSnapshot(Box::new(state)));
    assert_broken(story.fork().votes(1, Zxid::new(1, 1)), &[Class::D2]);
    story.disk_done(1, File::Snapshot);
    assert_broken(&mut story.fork().votes(1, Zxid::new(1, 1)).fork(), &[]);
    assert_eq!(disk(&story).last_logged, Zxid::ZERO);
    let mut lost = story.fork();
    lost.loses_power(1);
    assert_eq!(disk(&lost).last_logged, Zxid::ZERO);
    story.fact(1, Fact::WrittenBack);
    assert_eq!(disk(&story).last_logged, Zxid::new(1, 1));
}

/// S1 has three records in its log, each in a file of its own and flushed, and a snapshot up to the last one,
/// which is written.
fn snapshotted() -> (Story, [Txn; 3]) {
    let txns = [txn(1, 1), txn(1, 2), txn(1, 3)];
    let mut story = Story::of_three();
    for txn in txns {
        story.asks_disk(1, DiskOp::RollLog).logs(1, txn).delivers(1, txn);
    }
    let snapshot = DiskOp::WriteSnapshot(Box::new(replica(&txns)));
    story.asks_disk(1, snapshot).disk_done(1, File::Snapshot);
    (story, txns)
}

fn purged(first: Zxid, is_flushed: bool) -> Fact {
    let (snapshots_before, log_before) = (Some(Zxid::new(1, 3)), Some(first));
    Fact::Purged(Purge { snapshots_before, log_before, is_flushed })
}

#[test]
fn what_a_purge_removes_is_gone_at_once_and_for_good_once_the_journal_is_flushed() {
    let (mut story, txns) = snapshotted();
    story.fact(1, purged(Zxid::new(1, 3), true));
    let lost = |story: &Story| disk(story.fork().loses_power(1)).logged().to_vec();
    assert_eq!(lost(&story), zxids(&[1, 2, 3]), "the removal is undone");
    story.appends(1, txn(1, 4)).flushes(1);
    assert_eq!(lost(&story), zxids(&[3, 4]));
    assert!(txns.iter().all(|txn| disk(&story).holds(txn.zxid)), "the snapshot covers them");
}

#[test]
fn a_purge_removes_whole_files_even_if_a_record_is_logged_twice() {
    let mut story = Story::of_three();
    story.logs(1, txn(1, 1)).asks_disk(1, DiskOp::RollLog);
    // The record with which the second file begins stands in it once more.
    for counter in [2, 3, 2, 3] {
        story.appends(1, txn(1, counter));
    }
    story.flushes(1).fact(1, purged(Zxid::new(1, 2), true)).flushes(1);
    assert_eq!(disk(&story).logged(), zxids(&[2, 3, 2, 3]));
}

#[test]
fn a_snapshot_that_nobody_flushed_does_not_make_up_for_what_was_purged() {
    for (is_flushed, holds) in [(true, true), (false, false)] {
        let (mut story, [first, ..]) = snapshotted();
        story.fact(1, purged(Purge::WHOLE_LOG, is_flushed));
        story.appends(1, txn(1, 4)).flushes(1).loses_power(1);
        assert_eq!(disk(&story).holds(first.zxid), holds, "flushed: {is_flushed}");
    }
}

#[test]
fn a_snapshot_that_is_written_after_a_purge_does_not_flush_the_journal() {
    let (mut story, txns) = snapshotted();
    story.fact(1, purged(Zxid::new(1, 3), true));
    let again = DiskOp::WriteSnapshot(Box::new(replica(&txns)));
    story.asks_disk(1, again).disk_done(1, File::Snapshot).loses_power(1);
    assert_eq!(disk(&story).logged(), zxids(&[1, 2, 3]));
}
