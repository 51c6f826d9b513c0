//! Disks with errors, seen from outside.

use super::*;
use zab_core::Packet;
use zab_core::variant::Shutdown;

/// An error of this disk strikes S0 as its second process begins its log. The last of the times is
/// that of a write which comes after it has joined again.
fn header_fails(variant: Variant, act: Act) -> Vec<Seen> {
    chaos_among(
        variant.into(),
        [
            (10_000, Act::Kill { server: 0, down_us: 1_000 }),
            (300_000, act),
            (300_000, write(0, 2)),
            (700_000, write(1, 2)),
            (800_000, Act::Kill { server: 0, down_us: 1_000 }),
        ],
    )
}

const fn acknowledges(fact: &Fact) -> bool {
    matches!(fact, Fact::Sent { packet: Packet::Ack(zxid), .. } if !zxid.is_epoch_mark())
}

#[test]
fn a_flush_error_hits_the_next_operation_and_the_supervisor_restarts_the_server() {
    let once = Act::FlushError { server: 0, file: Files::Log, for_us: 0 };
    let seen = chaos([(10_000, once), (50_000, write(0, 2))]);
    let failed = first(&seen, 0, |fact| matches!(fact, Fact::DiskFailed { .. }));
    assert!(failed > 50_000 && failed < 55_000);
    let exited = first(&seen, 0, |fact| matches!(fact, Fact::Exited(_)));
    assert_eq!(times(&seen, 0, started), [exited + SUPERVISOR_DELAY.0]);
}

#[test]
fn writes_that_fail_for_a_while_fail_each_until_then() {
    let full = Act::WriteError { server: 0, file: Files::All, for_us: 100_000 };
    let seen = chaos([(10_000, full), (20_000, write(0, 2)), (300_000, write(0, 2))]);
    let failed = times(&seen, 0, |fact| matches!(fact, Fact::DiskFailed { .. }));
    assert!(failed.len() >= 2 && failed.iter().all(|at| (20_000..110_000).contains(at)));
    assert!(times(&seen, 0, disk_done).iter().any(|at| *at > 300_000), "it works again");
}

#[test]
fn the_log_of_a_full_disk_goes_on_until_its_block_is_full_and_no_epoch_can_be_promised() {
    let full = Act::DiskFull { server: 0, file: Files::All, for_us: 300_000 };
    let failed = |fact: &Fact| matches!(fact, Fact::DiskFailed { .. });
    // The boot wrote three records.
    let one = chaos([(10_000, full), (20_000, write(0, 0))]);
    assert_eq!(times(&one, 0, failed), NEVER);
    let two = chaos([(10_000, full), (20_000, write(0, 0)), (30_000, write(1, 0))]);
    assert!((30_000..35_000).contains(&first(&two, 0, failed)), "there is no room for the second");
    let elected = chaos([(10_000, full), (20_000, Act::StepDown { server: 2 })]);
    let epoch =
        |fact: &Fact| matches!(fact, Fact::DiskFailed { file: zab_core::File::AcceptedEpoch, .. });
    assert!(first(&elected, 0, epoch) > 20_000);
}

#[test]
fn nothing_is_written_to_a_read_only_disk_that_a_full_one_would_take() {
    let read_only = Act::ReadOnly { server: 0, file: Files::All, for_us: 100_000 };
    let seen = chaos([(10_000, read_only), (20_000, write(0, 0))]);
    let failed = |fact: &Fact| matches!(fact, Fact::DiskFailed { .. });
    assert!((20_000..25_000).contains(&first(&seen, 0, failed)));
}

#[test]
fn an_error_strikes_one_file_and_a_stalled_disk_reports_it_when_it_works_again() {
    let stall = Act::StallDisk { server: 0, for_us: 80_000 };
    let once = |file| Act::FlushError { server: 0, file, for_us: 0 };
    let failed = |fact: &Fact| matches!(fact, Fact::DiskFailed { .. });
    let log = chaos([(10_000, stall), (10_000, once(Files::Log)), (11_000, write(0, 2))]);
    assert_eq!(times(&log, 0, failed), [90_000]);
    let other = chaos([(10_000, once(Files::CurrentEpoch)), (11_000, write(0, 2))]);
    assert!(times(&other, 0, failed).is_empty());
}

/// A server that survives a log that it cannot begin, and removes it.
const FROM_3_9_3: Variant = Variant {
    removes_open_log: true,
    disk_error_keeps_memory: true,
    shutdown: Shutdown::DrainThenFastForward,
    ..Variant::REFERENCE
};

/// `FileTxnLog.FileTxnIterator.goToNextLog`, from 3.9.3 on.
#[test]
fn a_log_whose_header_fails_is_removed_and_takes_what_is_acknowledged_until_the_process_ends() {
    let once = Act::WriteError { server: 0, file: Files::Log, for_us: 0 };
    let seen = header_fails(FROM_3_9_3, once);
    let is_later = |at: &u64| (700_000..800_000).contains(at);
    assert!(times(&seen, 0, acknowledges).iter().any(is_later), "it acknowledges the last write");
    assert!(!times(&seen, 0, appended).iter().any(is_later), "which goes to no file");
    let found = |fact: &Fact| records(fact) == Some(3);
    assert_eq!(times(&seen, 0, found).len(), 2, "the boot wrote three, and there are no more");
    let repaired = header_fails(Variant { removes_open_log: false, ..FROM_3_9_3 }, once);
    assert!(times(&repaired, 0, appended).iter().any(is_later));
    assert_eq!(times(&repaired, 0, |fact| records(fact) == Some(5)), [801_000]);
}

#[test]
fn a_log_that_a_read_only_disk_does_not_let_begin_is_begun_later() {
    let once = Act::ReadOnly { server: 0, file: Files::Log, for_us: 0 };
    let seen = header_fails(FROM_3_9_3, once);
    assert!(times(&seen, 0, stepped_down).iter().any(|at| (300_000..310_000).contains(at)));
    assert!(times(&seen, 0, appended).iter().any(|at| *at > 700_000));
}
