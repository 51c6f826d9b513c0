//! D1 to D5: what disks hold, and when.

use crate::story::{Story, assert_broken, txn};
use zab_checker::Fact;
use zab_checker::verdict::Class;
use zab_core::event::ExitReason;
use zab_core::{DiskError, DiskOp, File, Lsn, NoHeader, Replica, Zxid};

const Z11: Zxid = Zxid::new(1, 1);

/// Three servers with empty disks; S0 is established in epoch 1 and proposes ⟨1, 1⟩, S1 serves.
fn proposed() -> Story {
    let mut story = Story::of_three();
    story.leads(0, 1).promises(1, 0).acks(1, 0, Zxid::new(1, 0)).establishes(0, 1).serves(1, 1);
    story.proposes(0, txn(1, 1));
    story
}

fn replica(txns: &[zab_core::Txn]) -> Replica {
    let mut replica = Replica::default();
    txns.iter().for_each(|txn| replica.apply(txn));
    replica
}

#[test]
fn d1_an_acknowledgement_before_the_flush() {
    let mut story = proposed();
    story.appends(1, txn(1, 1));
    assert_broken(&mut story.fork().flushes(1).acks(1, 0, Z11).fork(), &[]);
    assert_broken(story.acks(1, 0, Z11), &[Class::D1]);
}

#[test]
fn d1_a_flush_makes_durable_what_came_before_it_and_nothing_else() {
    let mut story = proposed();
    story.asks_disk(1, DiskOp::Flush).appends(1, txn(1, 1));
    let first = Fact::DiskDone { file: File::Log, upto: Lsn(1) };
    assert_broken(&mut story.fork().flushes(1).acks(1, 0, Z11).fork(), &[]);
    assert_broken(story.fact(1, first).acks(1, 0, Z11), &[Class::D1]);
}

#[test]
fn d1_a_flush_that_failed_makes_nothing_durable() {
    let mut story = proposed();
    story.appends(1, txn(1, 1)).asks_disk(1, DiskOp::Flush);
    story.fact(1, Fact::DiskFailed { file: File::Log, lsn: Lsn(2), error: DiskError::Flush });
    assert_broken(&mut story.fork().votes(1, Z11).fork(), &[]);
    story.asks_disk(1, DiskOp::Flush).disk_done(1, File::Log);
    assert_broken(story.acks(1, 0, Z11), &[Class::D1]);
}

/// `FileTxnIterator.next` reads a file up to the first record that is not there, and continues with
/// the next one.
#[test]
fn d1_a_record_is_not_durable_whose_file_lacks_one_before_it() {
    let z12 = Zxid::new(1, 2);
    let mut story = proposed();
    story.proposes(0, txn(1, 2)).appends(1, txn(1, 1)).asks_disk(1, DiskOp::Flush);
    story.fact(1, Fact::DiskFailed { file: File::Log, lsn: Lsn(2), error: DiskError::Flush });
    let mut same_file = story.fork();
    assert_broken(same_file.logs(1, txn(1, 2)).acks(1, 0, z12), &[Class::D1]);
    let mut next_file = story.fork();
    next_file.asks_disk(1, DiskOp::RollLog).logs(1, txn(1, 2)).acks(1, 0, z12);
    assert_broken(&mut next_file.fork(), &[]);
    // That the log has a hole is another rule's finding.
    assert_broken(next_file.loses_power(1).starts(1, &[txn(1, 2)]), &[Class::D3]);
    // Once somebody writes the first one again, both are read.
    story.logs(1, txn(1, 2)).asks_disk(1, DiskOp::FlushRecovered(File::Log));
    assert_broken(story.disk_done(1, File::Log).acks(1, 0, z12), &[]);
}

#[test]
fn d1_a_record_is_durable_that_the_newest_snapshot_ends_with() {
    let mut story = proposed();
    story.asks_disk(1, DiskOp::Snapshot(Box::new(replica(&[txn(1, 1)]))));
    assert_broken(story.fork().acks(1, 0, Z11), &[Class::D1]);
    assert_broken(story.disk_done(1, File::Snapshot).acks(1, 0, Z11), &[]);
}

#[test]
fn d1_a_record_is_not_durable_that_the_newest_snapshot_hides() {
    let mut story = proposed();
    story.logs(1, txn(1, 1));
    assert_broken(&mut story.fork().acks(1, 0, Z11).fork(), &[]);
    let without = replica(&[txn(1, 2)]);
    story.delivers(1, txn(1, 2)).asks_disk(1, DiskOp::Snapshot(Box::new(without)));
    story.disk_done(1, File::Snapshot).acks(1, 0, Z11);
    assert!(story.broken().contains(&Class::D1));
}

#[test]
fn d1_what_a_failed_write_left_in_the_buffer_is_durable_with_the_next_flush() {
    let mut story = proposed();
    story.appends(1, txn(1, 1)).asks_disk(1, DiskOp::Flush);
    story.fact(1, Fact::DiskFailed { file: File::Log, lsn: Lsn(2), error: DiskError::Write });
    assert_broken(&mut story.fork().votes(1, Zxid::ZERO).fork(), &[]);
    assert_broken(story.fork().acks(1, 0, Z11), &[Class::D1]);
    story.asks_disk(1, DiskOp::Flush).disk_done(1, File::Log);
    assert_broken(story.acks(1, 0, Z11), &[]);
}

#[test]
fn d1_in_strict_directories_a_new_file_is_durable_once_its_folder_was_flushed() {
    for (flush, is_strict, expected) in [
        (DiskOp::FlushFile, true, &[Class::D1][..]),
        (DiskOp::FlushFile, false, &[]),
        (DiskOp::Flush, true, &[]),
    ] {
        let mut story = proposed();
        if is_strict {
            story.fact(0, Fact::StrictDirectories);
        }
        story.asks_disk(1, DiskOp::RollLog).appends(1, txn(1, 1));
        story.asks_disk(1, flush).disk_done(1, File::Log);
        assert_broken(&mut story.fork().votes(1, Z11).fork(), &[]);
        assert_broken(story.acks(1, 0, Z11), expected);
    }
}

#[test]
fn d2_what_a_cut_that_failed_was_to_remove_is_still_there() {
    let mut story = proposed();
    story.logs(1, txn(1, 1)).asks_disk(1, DiskOp::Truncate(Zxid::ZERO));
    assert_broken(story.fork().votes(1, Z11), &[Class::D2]);
    story.fact(1, Fact::DiskFailed { file: File::Log, lsn: Lsn(3), error: DiskError::Write });
    assert_broken(story.votes(1, Z11), &[]);
}

#[test]
fn d1_newleader_is_acknowledged_before_the_initial_history_is_durable() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]).leads(0, 2).promises(1, 0);
    assert_broken(story.fork().logs(1, txn(1, 1)).acks(1, 0, Zxid::new(2, 0)), &[]);
    assert_broken(story.appends(1, txn(1, 1)).acks(1, 0, Zxid::new(2, 0)), &[Class::D1]);
}

#[test]
fn d1_a_snapshot_covers_the_initial_history_once_it_is_durable() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]).leads(0, 2).promises(1, 0);
    let state = replica(&[txn(1, 1)]);
    story.loads(1, state).asks_disk(1, DiskOp::Snapshot(Box::new(state)));
    let ack = Zxid::new(2, 0);
    assert_broken(story.fork().disk_done(1, File::Snapshot).acks(1, 0, ack), &[]);
    assert_broken(story.acks(1, 0, ack), &[Class::D1]);
}

#[test]
fn d1_a_snapshot_that_nobody_flushed_covers_nothing() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]).leads(0, 2).promises(1, 0);
    let state = replica(&[txn(1, 1)]);
    story.loads(1, state).asks_disk(1, DiskOp::WriteSnapshot(Box::new(state)));
    let ack = Zxid::new(2, 0);
    assert_broken(story.fork().disk_done(1, File::Snapshot).acks(1, 0, ack), &[Class::D1]);
    let mut found = story.fork();
    found.disk_done(1, File::Snapshot).asks_disk(1, DiskOp::FlushRecovered(File::Snapshot));
    assert_broken(found.disk_done(1, File::Snapshot).acks(1, 0, ack), &[]);
}

#[test]
fn d1_a_snapshot_is_gone_that_is_emptied_to_be_written_once_more() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).starts(1, &[]).starts(2, &[]).leads(0, 2).promises(1, 0);
    let state = replica(&[txn(1, 1)]);
    story.loads(1, state).asks_disk(1, DiskOp::Snapshot(Box::new(state)));
    story.disk_done(1, File::Snapshot);
    let ack = Zxid::new(2, 0);
    assert_broken(story.fork().acks(1, 0, ack), &[]);
    story.asks_disk(1, DiskOp::EmptySnapshot(Z11));
    assert_broken(story.fork().acks(1, 0, ack), &[]);
    story.writes_epoch(1, DiskOp::CurrentEpoch(zab_core::Epoch(2)));
    assert_broken(story.acks(1, 0, ack), &[Class::D1]);
}

#[test]
fn d1_the_second_acknowledgement_of_newleader_promises_nothing() {
    let mut story = proposed();
    story.acks(1, 0, Zxid::new(1, 0));
    assert_broken(&mut story, &[]);
}

#[test]
fn d1_a_commit_without_a_majority_of_durable_copies() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).appends(1, txn(1, 1));
    assert_broken(&mut story.fork().flushes(1).commits(0, Z11).fork(), &[]);
    assert_broken(story.commits(0, Z11), &[Class::D1]);
}

#[test]
fn d1_an_acknowledgement_that_outlives_a_truncation() {
    let mut story = proposed();
    story.logs(1, txn(1, 1)).acks(1, 0, Z11).promises(1, 0);
    story.asks_disk(1, DiskOp::Truncate(Zxid::ZERO)).flushes(1).logs(0, txn(1, 1));
    assert_broken(&mut story.fork().logs(2, txn(1, 1)).commits(0, Z11).fork(), &[]);
    assert_broken(story.commits(0, Z11), &[Class::D1]);
}

#[test]
fn d1_durable_copies_outlive_crashes_of_their_servers() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).logs(1, txn(1, 1)).acks(1, 0, Z11).loses_power(1);
    assert_broken(story.commits(0, Z11), &[]);
}

#[test]
fn d1_a_copy_on_a_disk_that_was_created_again_counts_as_long_as_nobody_can_know() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).logs(1, txn(1, 1)).acks(1, 0, Z11).is_killed(1);
    story.fact(1, Fact::Blanked).starts(1, &[]);
    assert_broken(&mut story.fork().commits(0, Z11).fork(), &[]);
    let mut early = story.fork();
    early.proposes(0, txn(1, 2)).logs(0, txn(1, 2));
    assert_broken(early.commits(0, Zxid::new(1, 2)), &[Class::D1]);
    assert_broken(story.acks(1, 0, Z11), &[Class::D1]);
}

#[test]
fn d2_a_vote_for_what_the_disk_does_not_hold() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1), txn(1, 2)]);
    assert_broken(&mut story.fork().votes(0, Zxid::new(1, 2)).fork(), &[]);
    assert_broken(&mut story.fork().votes(0, Z11).fork(), &[Class::D2]);
    assert_broken(story.votes(0, Zxid::new(1, 3)), &[Class::D2]);
}

#[test]
fn d2_the_zxid_of_an_epoch_stands_for_its_initial_history() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).leads(0, 2).establishes(0, 2);
    assert_broken(&mut story.fork().votes(0, Zxid::new(2, 0)).fork(), &[]);
    story.broadcasts(0, txn(2, 1), &[0]);
    assert_broken(story.votes(0, Zxid::new(2, 0)), &[Class::D2]);
}

#[test]
fn d2_the_state_of_an_established_leader_ends_with_the_last_transaction_in_it() {
    let mut state = replica(&[txn(1, 1)]);
    state.last_processed = Zxid::new(2, 0);
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1)]).is_killed(0).starts_from(0, state, &[txn(1, 1)]);
    assert_broken(&mut story.fork().votes(0, Zxid::new(2, 0)).fork(), &[]);
    assert_broken(&mut story.fork().votes(0, Z11).fork(), &[]);
    assert_broken(story.votes(0, Zxid::new(1, 2)), &[Class::D2]);
}

#[test]
fn d3_a_record_is_missing() {
    let mut story = Story::new(3);
    story.starts(0, &[]).logs(0, txn(1, 1));
    assert_broken(&mut story.fork().logs(0, txn(1, 2)).logs(0, txn(3, 1)).fork(), &[]);
    assert_broken(&mut story.fork().logs(0, txn(1, 3)).fork(), &[Class::D3]);
    assert_broken(story.logs(0, txn(3, 2)), &[Class::D3]);
}

#[test]
fn d3_the_log_may_continue_after_the_snapshot_or_catch_up_with_it() {
    let three = [txn(1, 1), txn(1, 2), txn(1, 3)];
    let mut story = Story::new(3);
    story.starts_from(0, replica(&three), &three[..1]);
    assert_broken(&mut story.fork().logs(0, txn(1, 4)).fork(), &[]);
    assert_broken(&mut story.fork().logs(0, txn(1, 2)).logs(0, txn(1, 3)).fork(), &[]);
    assert_broken(story.logs(0, txn(1, 5)), &[Class::D3]);
}

#[test]
fn d3_what_is_missing_below_the_snapshot_is_not_needed() {
    let three = [txn(1, 1), txn(1, 2), txn(1, 3)];
    let mut story = Story::new(3);
    story.starts_from(0, replica(&three), &three[..1]);
    assert_broken(story.logs(0, txn(1, 3)), &[]);
}

#[test]
fn d3_a_log_that_reaches_the_snapshot_does_not_go_back_below_it() {
    let three = [txn(1, 1), txn(1, 2), txn(1, 3)];
    let mut story = Story::new(3);
    story.starts_from(0, replica(&three), &three);
    assert_broken(story.logs(0, txn(1, 2)), &[Class::D3]);
}

#[test]
fn d3_a_disk_that_recovers_with_a_hole() {
    let mut story = Story::new(3);
    story.starts(0, &[txn(1, 1), txn(1, 3)]);
    assert_broken(&mut story, &[Class::D3]);
}

#[test]
fn d4_memory_and_disk_differ_at_rest() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).logs(1, txn(1, 1)).commits(0, Z11);
    assert_broken(&mut story.fork().delivers(1, txn(1, 1)).rests(1).fork(), &[]);
    assert_broken(story.rests(1), &[Class::D4]);
}

#[test]
fn d4_the_log_may_be_ahead_by_what_is_not_committed() {
    let mut story = proposed();
    story.logs(0, txn(1, 1));
    assert_broken(story.rests(0), &[]);
}

#[test]
fn d4_a_transaction_of_a_dead_epoch_in_the_log_only() {
    let mut story = Story::of_three();
    story.leads(0, 1).proposes(0, txn(1, 1)).logs(1, txn(1, 1)).serves(1, 2);
    assert_broken(story.rests(1), &[Class::D4]);
}

#[test]
fn d5_a_start_up_check_refuses_a_healthy_disk() {
    let table = [
        (ExitReason::NoSnapshot, &[Class::D5][..]),
        (ExitReason::NoHeader(NoHeader::Nothing), &[Class::D5]),
        (ExitReason::NoHeader(NoHeader::Zeros), &[Class::D5]),
        (ExitReason::EpochBehindLog, &[Class::D5]),
        (ExitReason::AcceptedBelowCurrent, &[Class::D5]),
        (ExitReason::HoleInLog, &[Class::D5]),
        (ExitReason::UnmatchedCommit, &[]),
        (ExitReason::TruncFailed, &[]),
        (ExitReason::DiskError, &[]),
    ];
    for (reason, classes) in table {
        let mut story = Story::new(3);
        assert_broken(story.starts(0, &[]).fact(0, Fact::Exited(reason)), classes);
    }
}

#[test]
fn what_a_killed_process_leaves_can_be_read_and_is_not_durable() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).appends(1, txn(1, 1)).is_killed(1);
    assert_broken(story.fork().fact(1, Fact::WrittenBack).commits(0, Z11), &[]);
    assert_broken(&mut story.fork().commits(0, Z11).fork(), &[Class::D1]);
    story.starts(1, &[txn(1, 1)]);
    assert_broken(&mut story.fork().votes(1, Z11).fork(), &[]);
    assert_broken(&mut story.fork().commits(0, Z11).fork(), &[Class::D1]);
    let mut flushed = story.fork();
    flushed.asks_disk(1, DiskOp::FlushRecovered(File::Log)).disk_done(1, File::Log);
    assert_broken(flushed.commits(0, Z11), &[]);
}

#[test]
fn a_process_flushes_what_it_wrote_itself_and_nothing_else() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).appends(1, txn(1, 1)).is_killed(1).starts(1, &[txn(1, 1)]);
    story.asks_disk(1, DiskOp::RollLog).logs(1, txn(1, 2));
    assert_broken(&mut story.fork().commits(0, Z11).fork(), &[Class::D1]);
    // A power loss shows what that comes to.
    story.loses_power(1).starts(1, &[txn(1, 2)]);
    assert_broken(&mut story, &[Class::D3]);
}

#[test]
fn a_cut_that_a_killed_process_left_is_durable_with_the_next_flush() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).logs(1, txn(1, 1));
    story.asks_disk(1, DiskOp::Truncate(Zxid::ZERO)).is_killed(1).starts(1, &[]);
    assert_broken(&mut story.fork().commits(0, Z11).fork(), &[]);
    assert_broken(story.flushes(1).commits(0, Z11), &[Class::D1]);
}

#[test]
fn a_power_loss_leaves_what_is_durable() {
    let mut story = proposed();
    story.logs(0, txn(1, 1)).appends(1, txn(1, 1)).loses_power(1);
    assert_broken(story.commits(0, Z11), &[Class::D1]);
}

#[test]
fn d1_a_majority_of_five_is_three() {
    let mut story = Story::new(5);
    for server in 0..5 {
        story.starts(server, &[]);
    }
    story.establishes_with(0, 1, &[1, 2]).proposes(0, txn(1, 1));
    story.logs(0, txn(1, 1)).logs(1, txn(1, 1));
    assert_broken(&mut story.fork().logs(2, txn(1, 1)).commits(0, Z11).fork(), &[]);
    assert_broken(story.commits(0, Z11), &[Class::D1]);
}

#[test]
fn d5_a_server_that_ends_in_the_same_way_at_each_start() {
    let ends = |story: &mut Story| {
        story.starts(0, &[]).fact(0, Fact::Exited(ExitReason::TruncFailed));
    };
    let mut story = Story::of_three();
    for _ in 0..5 {
        ends(&mut story);
    }
    assert_broken(&mut story.fork(), &[]);
    story.world(Fact::Healed);
    ends(&mut story);
    ends(&mut story);
    assert_broken(&mut story.fork(), &[]);
    ends(&mut story);
    assert_broken(&mut story, &[Class::D5]);
}

/// `FileTxnSnapLog.restore` reads the log after the newest snapshot only.
#[test]
fn a_record_that_the_newest_snapshot_hides_is_on_no_disk() {
    let mut story = Story::of_three();
    let (hidden, after) = (txn(1, 1), txn(1, 2));
    story.logs(1, hidden);
    assert!(story.checker.servers()[1].holds(Z11));
    let mut without = Replica::default();
    without.apply(&after);
    story.delivers(1, after).asks_disk(1, DiskOp::Snapshot(Box::new(without)));
    story.disk_done(1, File::Snapshot);
    let server = &story.checker.servers()[1];
    assert!(server.holds(after.zxid) && !server.holds(Z11), "{server:?}");
}
