use super::*;
use crate::hold::real_limits;
use crate::oracle::Oracle;
use zab_core::Variant;
use zab_sim::schedule::Directories;

const S0: NodeId = NodeId(0);

/// A scenario in which nothing has happened yet.
fn text() -> Text {
    let mut oracle = Oracle::with(real_limits);
    let recording = oracle.record(&Schedule::empty(1, 3), Variant::REFERENCE);
    Text::new("A disk", &recording)
}

/// The lines about a server.
fn told(text: Text) -> Vec<String> {
    let all = text.finish("claim differ /k0");
    let after = all.lines().skip_while(|line| *line != "gate").skip(1);
    after.filter(|line| line.contains("S0")).map(str::to_owned).collect()
}

fn snapshot() -> DiskOp {
    DiskOp::WriteSnapshot(Box::default())
}

#[test]
fn a_snapshot_that_is_under_way_when_its_process_dies_is_there_and_empty() {
    let (mut disks, mut text) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.mark(S0, text.place());
    disks.on_asked(S0, (Lsn(1), &DiskOp::EmptySnapshot(Zxid::ZERO)), Fate::Never, &mut text);
    disks.on_asked(S0, (Lsn(2), &snapshot()), Fate::Never, &mut text);
    let end = disks.on_crash(S0, false, None).expect("it can be told");
    assert_eq!(end, ["kill S0", "release S0 snapshot write"]);
    assert_eq!(told(text), ["hold S0 snapshot write", "wait S0 held snapshot write"]);
}

#[test]
fn a_snapshot_that_is_finished_is_not_held() {
    let (mut disks, mut text) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.on_asked(S0, (Lsn(1), &snapshot()), Fate::Done, &mut text);
    assert!(told(text).is_empty());
    assert_eq!(disks.on_crash(S0, false, None).expect("it can be told"), ["kill S0"]);
}

#[test]
fn that_a_snapshot_was_emptied_is_durable_with_any_flush_and_a_cut_of_the_log_only_with_its_own() {
    let (mut disks, mut text) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.on_asked(S0, (Lsn(1), &DiskOp::Truncate(Zxid::ZERO)), Fate::Done, &mut text);
    disks.on_asked(S0, (Lsn(2), &DiskOp::EmptySnapshot(Zxid::ZERO)), Fate::Done, &mut text);
    disks.on_asked(S0, (Lsn(3), &DiskOp::AcceptedEpoch(Epoch(2))), Fate::Done, &mut text);
    disks.on_done(S0, (File::AcceptedEpoch, Lsn(3)), &mut text);
    disks.on_done(S0, (File::Log, Lsn(4)), &mut text);
    assert_eq!(told(text), ["wait S0 acceptedEpoch 2", "journal S0 snapshot", "journal S0"]);
}

#[test]
fn a_log_fails_when_its_role_ends_and_at_once_where_the_role_has_begun_to_end() {
    let fails = ["fail S0 log fsync EIO", "wait S0 failed log fsync", "mend S0 log fsync"];
    let (mut disks, mut before) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.on_failed(S0, (File::Log, Lsn(1)), DiskError::Flush, &mut before);
    before.line("nobody notices, S0 goes on".to_owned());
    disks.before_end(S0, &mut before);
    assert_eq!(told(before)[1..], fails);
    let (mut disks, mut after) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.on_stepped_down(S0, &mut after);
    disks.on_failed(S0, (File::Log, Lsn(1)), DiskError::Flush, &mut after);
    after.line("wait S0 looking".to_owned());
    assert_eq!(told(after)[..3], fails);
}

#[test]
fn a_log_that_cannot_be_begun_is_held_before_what_has_its_server_begin_it() {
    let (mut disks, mut text) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.mark(S0, text.place());
    text.line("pass PROPOSAL <1,4> S2 > S0".to_owned());
    disks.of(S0).pending.push((Lsn(1), Zxid::new(1, 4)));
    disks.on_asked(S0, (Lsn(2), &DiskOp::Flush), Fate::Failed(DiskError::Open), &mut text);
    disks.on_failed(S0, (File::Log, Lsn(2)), DiskError::Open, &mut text);
    disks.before_end(S0, &mut text);
    let told = told(text);
    assert_eq!(told[..2], ["hold S0 log open", "pass PROPOSAL <1,4> S2 > S0"]);
    assert_eq!(
        told[2..],
        [
            "wait S0 held log open",
            "fail S0 log open EIO",
            "release S0 log open",
            "wait S0 failed log open",
            "mend S0 log open"
        ]
    );
}

#[test]
fn a_log_without_a_header_keeps_its_server_up_until_an_operator_comes() {
    let end = |error, reads_on| {
        let (mut disks, mut text) = (Disks::new(&Schedule::empty(1, 3)), text());
        disks.on_failed(S0, (File::Log, Lsn(1)), error, &mut text);
        disks.on_exit(S0, reads_on, &[NodeId(2)])
    };
    let says = "wait S0 says Unable to load database on disk";
    assert_eq!(end(DiskError::Header, false), ["end S0 > S2", says, "kill S0", "sweep S0"]);
    assert_eq!(end(DiskError::Header, true), ["kill S0", "sweep S0"]);
    assert_eq!(end(DiskError::Write, false), ["wait S0 down"]);
}

#[test]
fn what_fails_of_a_snapshot_fails_again_when_its_stream_is_closed() {
    let (mut disks, mut text) = (Disks::new(&Schedule::empty(1, 3)), text());
    disks.on_asked(S0, (Lsn(1), &snapshot()), Fate::Failed(DiskError::Write), &mut text);
    disks.on_failed(S0, (File::Snapshot, Lsn(1)), DiskError::Write, &mut text);
    let end = disks.on_exit(S0, true, &[]);
    assert_eq!(end, ["wait S0 down", "mend S0 snapshot write"]);
    assert!(!told(text).iter().any(|line| line.starts_with("mend")));
}

#[test]
fn in_strict_directories_a_flush_makes_a_cut_durable_and_no_name() {
    let mut schedule = Schedule::empty(1, 3);
    schedule.directories = Directories::Strict;
    let (mut disks, mut text) = (Disks::new(&schedule), text());
    disks.on_asked(S0, (Lsn(1), &DiskOp::Truncate(Zxid::ZERO)), Fate::Done, &mut text);
    disks.on_done(S0, (File::Log, Lsn(2)), &mut text);
    assert_eq!(told(text), ["journal S0 log"]);
    assert_eq!(disks.on_crash(S0, true, None).expect("it can be told"), ["power S0"]);
}
