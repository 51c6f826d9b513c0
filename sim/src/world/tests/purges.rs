//! Purges, seen from outside.

use super::*;
use zab_core::{Purge, Zxid};

/// Who is asked to write once in 5 ms, from 10 ms on, so often.
fn writes(count: u64, server: u8) -> impl Iterator<Item = (u64, Act)> {
    (0..count).map(move |turn| (10_000 + 5_000 * turn, write((turn % 4) as u8, server)))
}

const fn purge_of(fact: &Fact) -> Option<Purge> {
    match fact {
        Fact::Purged(purge) => Some(*purge),
        _ => None,
    }
}

fn purges(seen: &[Seen], server: u8) -> Vec<Purge> {
    let at_server = seen.iter().filter(|(_, node, _)| *node == Some(NodeId(server)));
    at_server.filter_map(|(.., fact)| purge_of(fact)).collect()
}

/// The boot writes three records; a snapshot is due after ten.
#[test]
fn a_server_with_three_snapshots_is_purged_up_or_down_and_one_with_fewer_is_not() {
    let purge = Act::Purge { server: 0 };
    let first = Zxid::new(1, 1);
    for (count, is_purged) in [(20, false), (40, true)] {
        for kill in [None, Some((299_000, Act::Kill { server: 0, down_us: 100_000 }))] {
            let actions = writes(count, 2).chain(kill).chain([(300_000, purge), (310_000, purge)]);
            let found = purges(&chaos(actions), 0);
            assert_eq!(
                found.len(),
                usize::from(is_purged),
                "{count} writes: the second finds nothing"
            );
            assert!(found.iter().all(|purge| purge.snapshots_before > Some(first)
                && purge.log_before > Some(first)
                && purge.log_before <= purge.snapshots_before
                && purge.is_flushed));
        }
    }
}

#[test]
fn a_machine_without_power_and_a_disk_that_does_nothing_or_changes_nothing_is_not_purged() {
    let purge = (300_000, Act::Purge { server: 0 });
    let (server, for_us) = (0, 100_000);
    for (act, is_purged) in [
        (power_loss(0, for_us), false),
        (Act::StallDisk { server, for_us }, false),
        (Act::ReadOnly { server, file: Files::All, for_us }, false),
        (Act::FlushError { server, file: Files::Snapshot, for_us }, false),
        (Act::FlushError { server, file: Files::Log, for_us }, true),
        (Act::StallNode { server, for_us }, true),
        // To make room is what it is for.
        (Act::DiskFull { server, file: Files::All, for_us }, true),
    ] {
        let seen = chaos(writes(40, 2).chain([(299_000, act), purge]));
        assert_eq!(!purges(&seen, 0).is_empty(), is_purged, "{act:?}");
    }
    let file = Files::Log;
    let seen =
        chaos(writes(40, 2).chain([(299_000, Act::ReadOnly { server, file, for_us }), purge]));
    let [left] = purges(&seen, 0)[..] else { panic!("the snapshots are on another disk") };
    assert!(left.log_before.is_none() && left.snapshots_before.is_some());
}

#[test]
fn a_server_that_was_purged_starts_from_what_is_left_and_serves() {
    for act in [Act::Kill { server: 0, down_us: 1_000 }, power_loss_of_everything(0)] {
        let purge = (300_000, Act::Purge { server: 0 });
        let seen = chaos(writes(40, 2).chain([purge, (310_000, write(0, 2)), (400_000, act)]));
        let [Purge { log_before: Some(first), .. }] = purges(&seen, 0)[..] else {
            panic!("its log is purged")
        };
        let found = seen.iter().find_map(|(.., fact)| match fact {
            Fact::Started(found) => Some(found),
            _ => None,
        });
        let found = found.expect("it starts again");
        assert_eq!((found.log[0].zxid, found.snapshots.len(), found.is_purged), (first, 3, true));
        let serves = |fact: &Fact| matches!(fact, Fact::Noted(Note::Serving { .. }));
        assert!(times(&seen, 0, serves).iter().any(|at| *at > 400_000));
    }
}
