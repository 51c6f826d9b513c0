//! What outlives a role, and what a process is started as.

use super::*;
use zab_core::Zxid;
use zab_core::variant::{Release, Shutdown};

fn appends(seen: &[Seen], server: u8) -> Vec<Zxid> {
    let at_server = seen.iter().filter(|(_, node, _)| *node == Some(NodeId(server)));
    let zxid = |fact: &Fact| match fact {
        Fact::DiskAsked { op: DiskOp::Append(txn), .. } => Some(txn.zxid),
        _ => None,
    };
    at_server.filter_map(|(.., fact)| zxid(fact)).collect()
}

#[test]
fn a_log_writer_that_outlives_its_role_stays_stalled_while_the_next_one_logs() {
    let leak = Variant { shutdown: Shutdown::Leak, ..Variant::REFERENCE };
    let logged = |variant: Variant| {
        let actor = StallTarget::LogWriter;
        let stall = Act::StallActor { server: 0, actor, for_us: 300_000 };
        let step_down = (20_000, Act::StepDown { server: 0 });
        let writes = [(12_000, write(0, 2)), (150_000, write(0, 2))];
        let actions = [(10_000, stall), writes[0], step_down, writes[1]];
        let seen = chaos_among(variant.into(), actions);
        (appends(&seen, 0), times(&seen, 0, appended))
    };
    let (first, second) = (Zxid::new(1, 4), Zxid::new(1, 5));
    let (zxids, times) = logged(leak);
    assert_eq!(zxids, [second, first], "the newer record comes first in the log");
    assert!(times[0] < 160_000 && (310_000..311_000).contains(&times[1]), "{times:?}");
    let (zxids, times) = logged(Variant::REFERENCE);
    assert_eq!(zxids, [first, second], "the role does not end before its log writer");
    assert!(times.iter().all(|at| *at >= 310_000), "{times:?}");
}

#[test]
fn a_log_writer_that_outlives_its_role_ends_with_its_flush_where_sockets_are_forgotten() {
    let logged = |shutdown| {
        let variant = Variant { shutdown, ..Variant::REFERENCE };
        let stall = Act::StallDisk { server: 0, for_us: 50_000 };
        let step_down = (16_000, Act::StepDown { server: 0 });
        let actions = [(10_000, stall), (12_000, write(0, 2)), (14_000, write(1, 2)), step_down];
        appends(&chaos_among(variant.into(), actions), 0)
    };
    let (flushed, queued) = (Zxid::new(1, 4), Zxid::new(1, 5));
    assert_eq!(logged(Shutdown::Leak), [flushed, queued, queued], "by it and by the next role");
    assert_eq!(logged(Shutdown::LeakUntilFlush), [flushed, queued], "by the next role");
}

/// S0 is restarted twice while its disk is stalled and has work to do, as these releases. The new one
/// votes with what it finds, the old one flushes it first.
fn upgraded_behind(first: Release, second: Release) -> Vec<Seen> {
    let new = Variant { unflushed_start: true, ..Variant::REFERENCE };
    let stall = Act::StallDisk { server: 0, for_us: 80_000 };
    let upgrade = |to| Act::Upgrade { server: 0, to, down_us: 0 };
    let restarts = [(20_000, upgrade(first)), (40_000, upgrade(second))];
    let actions = [(10_000, stall), (12_000, write(0, 2))].into_iter().chain(restarts);
    chaos_among(Releases::upgrade(Variant::REFERENCE, new), actions)
}

#[test]
fn a_server_runs_the_release_that_it_was_last_restarted_as() {
    let votes = |first, second| times(&upgraded_behind(first, second), 0, looking);
    let (old, new) = (Release::Old, Release::New);
    let at_once = |votes: Vec<u64>, at| votes.contains(&at);
    assert!(at_once(votes(new, old), 20_000) && !at_once(votes(new, old), 40_000));
    assert!(!at_once(votes(old, new), 20_000) && at_once(votes(old, new), 40_000));
    let installed = |fact: &Fact| matches!(fact, Fact::Installed(_));
    assert_eq!(times(&upgraded_behind(old, new), 0, installed), [40_000], "only what changes");
}

#[test]
fn a_server_that_is_down_starts_as_what_was_installed_meanwhile() {
    let new = Variant { unflushed_start: true, ..Variant::REFERENCE };
    for (to, votes_us) in [(Release::New, 50_000), (Release::Old, 90_000)] {
        let stall = Act::StallDisk { server: 0, for_us: 80_000 };
        let actions = [
            (10_000, stall),
            (12_000, write(0, 2)),
            (20_000, Act::Kill { server: 0, down_us: 30_000 }),
            (30_000, Act::Upgrade { server: 0, to, down_us: 0 }),
        ];
        let seen = chaos_among(Releases::upgrade(Variant::REFERENCE, new), actions);
        assert_eq!(times(&seen, 0, started), [50_000], "nobody starts it earlier");
        let votes = first(&seen, 0, looking);
        assert!((votes_us..votes_us + 1_000).contains(&votes), "{to}: {votes}");
    }
}

#[test]
fn a_blank_disk_holds_nothing_and_its_server_gets_everything_from_the_others() {
    let blank = |server| Act::BlankDisk { server, down_us: 1_000 };
    let seen = chaos([(20_000, blank(0)), (21_000, blank(1))]);
    assert_eq!(times(&seen, 0, |fact| *fact == Fact::Blanked), [20_000]);
    let again = times(&seen, 1, |fact| *fact == Fact::Blanked);
    assert!(again.is_empty(), "a majority keeps what it wrote");
    assert_eq!(times(&seen, 0, |fact| records(fact) == Some(0)), [21_000]);
    let serves = |fact: &Fact| matches!(fact, Fact::Noted(Note::Serving { .. }));
    assert!(times(&seen, 0, serves).iter().any(|at| *at > 21_000), "it follows again");
    let later = chaos([(20_000, blank(0)), (900_000, blank(1))]);
    assert_eq!(times(&later, 1, |fact| *fact == Fact::Blanked), [900_000], "S0 has made up for it");
}
