//! What a follower lets pass after discovery.

use super::{
    connected_follower, connected_follower_of, half_tick, notification, packet, started, step,
    step_and_write, txn,
};
use zab_core::event::{Breach, DiskError, ExitReason, Note, SyncMode, Timer};
use zab_core::message::{ServerState, Vote};
use zab_core::{
    Actor, Config, ConnId, DiskOp, Epoch, File, Input, Lsn, Node, NodeId, Output, Packet,
    Recovered, Replica, Time, Variant, Zxid,
};

const FIRST: Zxid = Zxid::new(1, 1);
const SECOND: Zxid = Zxid::new(1, 2);

/// S0 after this number of packets on the way to broadcast in epoch 1, and two proposals.
fn follower_after(packets: usize) -> Node {
    let mut node = connected_follower(Recovered::default());
    let epoch = Epoch(1);
    let way = [
        Packet::LeaderInfo { epoch },
        Packet::Diff { zxid: Zxid::ZERO },
        Packet::NewLeader { epoch },
        Packet::UpToDate,
        Packet::Proposal(txn(FIRST)),
        Packet::Proposal(txn(SECOND)),
    ];
    for next in way.into_iter().take(packets) {
        step_and_write(&mut node, packet(2, next));
    }
    node
}

/// S0 in broadcast in epoch 1, with two proposals that are not committed.
pub(super) fn follower() -> Node {
    let node = follower_after(6);
    assert!(node.view().serving);
    node
}

#[test]
fn a_silent_leader_is_given_up_after_init_limit_or_once_newleader_is_acknowledged_sync_limit() {
    let Config { tick, init_limit, sync_limit, .. } = Config::new(3);
    let table = [
        (0, init_limit, "it is connected"),
        (1, init_limit, "it has promised the epoch"),
        (2, init_limit, "it is being synchronized"),
        (3, sync_limit, "it has acknowledged NEWLEADER"),
        (4, sync_limit, "it serves"),
    ];
    for (packets, ticks, how_far) in table {
        let gives_up = |now| {
            let outputs = half_tick(&mut follower_after(packets), 1, Time(now));
            outputs.contains(&Output::Note(Note::SteppedDown))
        };
        let limit = tick.0 * u64::from(ticks);
        assert!(!gives_up(limit - 1), "{how_far}");
        assert!(gives_up(limit), "{how_far}");
    }
}

#[test]
fn a_follower_takes_only_the_connection_that_it_asked_for() {
    let vote = Vote { leader: NodeId(2), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    let conn = ConnId(7);
    let accepts = |peer, outgoing| {
        let mut node = started(0, 3, Recovered::default());
        step(&mut node, notification(1, ServerState::Following, vote));
        step(&mut node, notification(2, ServerState::Leading, vote));
        let outputs = step(&mut node, Input::ConnectionUp { peer: NodeId(peer), conn, outgoing });
        let refuses = matches!(outputs[..], [Output::Close(c) | Output::Refuse(c)] if c == conn);
        assert!(refuses || matches!(outputs[..], [Output::Send { .. }]), "{outputs:?}");
        !refuses
    };
    assert!(accepts(2, true), "to its leader");
    assert!(!accepts(1, true), "to another server");
    assert!(!accepts(2, false), "the leader does not connect to its followers");
    let outputs =
        step(&mut follower(), Input::ConnectionUp { peer: NodeId(2), conn, outgoing: true });
    assert_eq!(outputs, [Output::Close(conn)], "it has one");
}

/// `Learner.connectToLeader`: a leader listens as soon as it leads.
#[test]
fn a_leader_that_cannot_be_reached_is_given_up_after_five_attempts() {
    let (peer, conn) = (NodeId(2), ConnId(2));
    let failures = [
        vec![Input::ConnectFailed { peer }],
        vec![Input::ConnectionUp { peer, conn, outgoing: true }, Input::Refused { peer, conn }],
    ];
    for failure in failures {
        let mut node = started(0, 3, Recovered::default());
        let vote = Vote { leader: peer, zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
        step(&mut node, notification(1, ServerState::Following, vote));
        step(&mut node, notification(2, ServerState::Leading, vote));
        let fail = |node: &mut Node| {
            failure.iter().flat_map(|input| step(node, input.clone())).last().expect("a timer")
        };
        for attempt in 1..5 {
            let (after, generation) = (Config::new(3).connect_delay, 2 * attempt);
            let later = Output::SetTimer { timer: Timer::Tick, generation, after };
            assert_eq!(fail(&mut node), later, "attempt {attempt}");
            let outputs = half_tick(&mut node, generation, Time(0));
            assert!(outputs.contains(&Output::Connect(peer)), "{outputs:?}");
        }
        fail(&mut node);
        assert_eq!(node.view().state, ServerState::Looking);
    }
}

/// `Follower.followLeader`: an exception after that ends the role.
#[test]
fn a_leader_that_hangs_up_is_not_dialed_again_in_the_same_role() {
    let (peer, conn) = (NodeId(2), ConnId(2));
    for packets in 0..=4 {
        let mut node = follower_after(packets);
        let outputs = step(&mut node, Input::ConnectionDown { peer, conn });
        assert!(outputs.contains(&Output::Note(Note::SteppedDown)), "{packets}: {outputs:?}");
        assert!(!outputs.contains(&Output::Connect(peer)), "{packets}: {outputs:?}");
    }
}

#[test]
fn a_packet_that_no_phase_expects_is_noted_with_what_it_is_about() {
    let about = [
        (Packet::Commit(FIRST), FIRST),
        (Packet::Ack(SECOND), SECOND),
        (Packet::Diff { zxid: FIRST }, FIRST),
        (Packet::Proposal(txn(SECOND)), SECOND),
        (Packet::UpToDate, Zxid::ZERO),
    ];
    for (unexpected, zxid) in about {
        let mut node = connected_follower(Recovered::default());
        let outputs = step(&mut node, packet(2, unexpected));
        let breach = Output::Note(Note::Breached { breach: Breach::BadState, zxid });
        assert_eq!(outputs.first(), Some(&breach), "{outputs:?}");
    }
}

/// `Follower.followLeader` catches what an epoch file throws; nobody continues without log or snapshot.
#[test]
fn an_error_of_log_or_snapshot_ends_the_process_and_one_of_an_epoch_file_the_role() {
    for file in File::ALL {
        let error = DiskError::Write;
        let outputs = step(&mut follower(), Input::DiskFailed { file, lsn: Lsn(9), error });
        let exits = outputs == [Output::Exit(ExitReason::DiskError)];
        let leaves = outputs.contains(&Output::Note(Note::SteppedDown));
        let is_epoch = matches!(file, File::AcceptedEpoch | File::CurrentEpoch);
        assert_eq!((exits, leaves), (!is_epoch, is_epoch), "{file:?}: {outputs:?}");
    }
}

#[test]
fn a_process_that_has_ended_does_nothing() {
    let mut node = follower();
    let error = DiskError::Flush;
    step(&mut node, Input::DiskFailed { file: File::Log, lsn: Lsn(9), error });
    let peer = NodeId(2);
    assert_eq!(step(&mut node, Input::ConnectionUp { peer, conn: ConnId(3), outgoing: true }), []);
    assert_eq!(step(&mut node, packet(2, Packet::Ping)), []);
    assert_eq!(half_tick(&mut node, 1, Time(20_000)), []);
}

#[test]
fn a_packet_of_another_connection_is_not_read() {
    let (from, conn) = (NodeId(2), ConnId(9));
    let late = Input::Packet { from, conn, packet: Packet::Proposal(txn(Zxid::new(1, 3))) };
    assert_eq!(step(&mut follower(), late), []);
}

#[test]
fn a_follower_that_is_to_leave_finishes_what_it_does_and_reads_no_more() {
    let mut node = connected_follower(Recovered::default());
    let outputs = step(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(1) }));
    assert_eq!(step(&mut node, Input::StepDown), [], "its main thread is writing acceptedEpoch");
    assert_eq!(step(&mut node, packet(2, Packet::Diff { zxid: Zxid::ZERO })), []);
    let Some(Output::Disk { lsn, op }) = outputs.first() else { panic!("{outputs:?}") };
    let outputs = step(&mut node, Input::DiskDone { file: op.file(), upto: *lsn });
    assert!(outputs.contains(&Output::Note(Note::SteppedDown)), "{outputs:?}");
}

#[test]
fn a_connection_that_breaks_is_noticed_when_the_disk_is_done() {
    let mut node = connected_follower(Recovered::default());
    let outputs = step(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(1) }));
    let (peer, conn) = (NodeId(2), ConnId(2));
    assert_eq!(step(&mut node, Input::ConnectionDown { peer, conn }), []);
    let Some(Output::Disk { lsn, op }) = outputs.first() else { panic!("{outputs:?}") };
    let outputs = step(&mut node, Input::DiskDone { file: op.file(), upto: *lsn });
    assert!(outputs.contains(&Output::Note(Note::SteppedDown)), "{outputs:?}");
}

#[test]
fn who_cannot_truncate_begins_again_with_the_same_leader() {
    let (log, epoch) = (vec![txn(FIRST), txn(SECOND)], Epoch(1));
    let recovered =
        Recovered { log, accepted_epoch: epoch, current_epoch: epoch, ..Recovered::default() };
    let mut node = connected_follower(recovered);
    step_and_write(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
    let outputs = step(&mut node, packet(2, Packet::Trunc { zxid: Zxid::new(1, 5) }));
    assert_eq!(outputs, [Output::Close(ConnId(2)), Output::Connect(NodeId(2))]);
}

/// `Learner.syncWithLeader`: "Not able to truncate the log", and the process ends in every release from
/// 3.5.7 on, also in one that lives on where a flush fails.
#[test]
fn who_is_not_let_truncate_by_its_disk_ends() {
    let (log, epoch) = (vec![txn(FIRST), txn(SECOND)], Epoch(1));
    let recovered =
        Recovered { log, accepted_epoch: epoch, current_epoch: epoch, ..Recovered::default() };
    let lives_on =
        Variant { disk_error_keeps_memory: true, trusts_failed_flush: true, ..Variant::REFERENCE };
    for variant in [Variant::REFERENCE, lives_on] {
        let mut node = connected_follower_of(variant, recovered.clone());
        step_and_write(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
        let outputs = step(&mut node, packet(2, Packet::Trunc { zxid: FIRST }));
        let cut = outputs.iter().find_map(|output| match output {
            Output::Disk { lsn, op: DiskOp::Truncate(_) } => Some(*lsn),
            _ => None,
        });
        let (lsn, error) = (cut.expect("it truncates"), DiskError::Write);
        let outputs = step(&mut node, Input::DiskFailed { file: File::Log, lsn, error });
        assert_eq!(outputs, [Output::Exit(ExitReason::TruncFailed)]);
    }
}

/// ZOOKEEPER-2325: `FileTxnSnapLog.restore` from 3.5.3 on.
#[test]
fn a_log_without_a_snapshot_is_refused_on_a_disk_that_was_created_again() {
    let start = |variant: Variant, recovered: &Recovered| {
        let mut node = Node::new(NodeId(0), Config::new(3), variant);
        step_and_write(&mut node, Input::Start(Box::new(recovered.clone())))
    };
    let of_releases =
        Variant { needs_first_snapshot: true, trusts_blank_disk: true, ..Variant::REFERENCE };
    let of_operators = Variant { trusts_blank_disk: false, ..of_releases };
    let refusal = Output::Exit(ExitReason::NoSnapshot);
    let writes = |outputs: &[Output]| {
        let is_snapshot = |output: &Output| {
            matches!(output, Output::Disk { op: DiskOp::WriteSnapshot(of), .. }
                if of.last_processed == Zxid::ZERO)
        };
        outputs.iter().any(is_snapshot)
    };
    let empty = Recovered { is_blank: true, is_recreated: true, ..Recovered::default() };
    let log = vec![txn(Zxid::new(1, 1))];
    let epoch = Epoch(1);
    let logged = Recovered {
        log,
        accepted_epoch: epoch,
        current_epoch: epoch,
        is_blank: false,
        ..empty.clone()
    };
    assert!(writes(&start(of_releases, &empty)));
    assert!(!writes(&start(of_operators, &empty)), "`zookeeper.db.autocreate` is false");
    for variant in [of_releases, of_operators] {
        assert!(start(variant, &logged).contains(&refusal));
        let original = Recovered { is_recreated: false, ..logged.clone() };
        assert!(!start(variant, &original).contains(&refusal), "it was written back long ago");
        let snapshots = vec![Replica::default()];
        let whole = Recovered { snapshots, ..logged.clone() };
        assert!(!start(variant, &whole).contains(&refusal));
    }
    assert!(!start(Variant::REFERENCE, &logged).contains(&refusal));
}

/// `Learner.syncWithLeader`, 3.9.3: `processTxn` comes after `append`, which opens a new file, and before
/// `commit`, which writes and flushes.
#[test]
fn what_a_synchronization_could_not_flush_is_in_memory_where_the_process_lives_on() {
    let variant =
        Variant { disk_error_keeps_memory: true, trusts_failed_flush: true, ..Variant::REFERENCE };
    let epoch = Epoch(1);
    for (error, is_applied) in
        [(DiskError::Write, true), (DiskError::Flush, true), (DiskError::Open, false)]
    {
        let mut node = connected_follower_of(variant, Recovered::default());
        step_and_write(&mut node, packet(2, Packet::LeaderInfo { epoch }));
        step(&mut node, packet(2, Packet::Diff { zxid: FIRST }));
        step(&mut node, packet(2, Packet::Proposal(txn(FIRST))));
        step(&mut node, packet(2, Packet::Commit(FIRST)));
        let outputs = step(&mut node, packet(2, Packet::NewLeader { epoch }));
        let flush = outputs.iter().find_map(|output| match output {
            Output::Disk { lsn, op: DiskOp::Flush } => Some(*lsn),
            _ => None,
        });
        let lsn = flush.expect("it makes durable what was committed");
        let outputs = step(&mut node, Input::DiskFailed { file: File::Log, lsn, error });
        assert!(outputs.contains(&Output::Note(Note::SteppedDown)), "{error:?}: {outputs:?}");
        let applied = outputs.contains(&Output::Delivered(txn(FIRST)));
        assert_eq!(applied, is_applied, "{error:?}: {outputs:?}");
    }
}

/// ZOOKEEPER-1653, ZOOKEEPER-2354: a start-up check of `QuorumPeer.loadDataBase`.
#[test]
fn a_release_that_refuses_an_epoch_gap_refuses_a_log_of_a_later_epoch_only() {
    let variant = Variant { refuses_epoch_gap: true, ..Variant::REFERENCE };
    let refuses = |current: u32| {
        let epoch = Epoch(current);
        let log = vec![txn(Zxid::new(2, 1))];
        let recovered =
            Recovered { log, accepted_epoch: epoch, current_epoch: epoch, ..Recovered::default() };
        let mut node = Node::new(NodeId(0), Config::new(3), variant);
        let outputs = step_and_write(&mut node, Input::Start(Box::new(recovered)));
        outputs.contains(&Output::Exit(ExitReason::EpochBehindLog))
    };
    assert!(refuses(1));
    assert!(!refuses(2) && !refuses(3));
}

#[test]
fn a_synchronization_has_one_header_and_begins_with_it() {
    let (zxid, epoch, replica) = (FIRST, Epoch(1), Box::new(Replica::default()));
    let not_yet = [
        (1, Packet::Proposal(txn(FIRST)), FIRST),
        (1, Packet::Commit(FIRST), FIRST),
        (1, Packet::NewLeader { epoch }, Zxid::ZERO),
        (2, Packet::NewLeader { epoch: Epoch(2) }, Zxid::ZERO),
        (2, Packet::UpToDate, Zxid::ZERO),
    ];
    let once_more = [
        (2, Packet::Diff { zxid }, FIRST),
        (2, Packet::Trunc { zxid }, Zxid::ZERO),
        (2, Packet::Snap { replica }, Zxid::ZERO),
    ];
    for (packets, unexpected, zxid) in not_yet.into_iter().chain(once_more) {
        let outputs = step(&mut follower_after(packets), packet(2, unexpected.clone()));
        let breach = Output::Note(Note::Breached { breach: Breach::BadState, zxid });
        assert_eq!(outputs.first(), Some(&breach), "{unexpected:?}: {outputs:?}");
    }
}

/// `SyncRequestProcessor`: `snapCount` counts log records, the snapshot is of what is applied.
#[test]
fn every_tenth_record_brings_a_snapshot() {
    let snapshots_after = |commits: bool| {
        let mut node = follower_after(4);
        let mut taken = Vec::new();
        for counter in 1..=Config::new(3).snapshot_every {
            let zxid = Zxid::new(1, counter);
            step(&mut node, packet(2, Packet::Proposal(txn(zxid))));
            let outputs = step_and_write(&mut node, Input::Turn(Actor::LogWriter));
            taken.extend(outputs.into_iter().filter_map(|output| match output {
                Output::Disk { op: DiskOp::Snapshot(of), .. } => Some((counter, of.last_processed)),
                _ => None,
            }));
            if commits {
                step(&mut node, packet(2, Packet::Commit(zxid)));
                step(&mut node, Input::Turn(Actor::Committer));
            }
        }
        taken
    };
    assert_eq!(snapshots_after(true), [(10, Zxid::new(1, 9))]);
    assert_eq!(snapshots_after(false), [], "nothing is in memory that the log could continue");
}

#[test]
fn a_commit_out_of_order_ends_the_process() {
    let mut node = follower();
    let breach = Output::Note(Note::Breached { breach: Breach::BadCommit, zxid: SECOND });
    let outputs = step(&mut node, packet(2, Packet::Commit(SECOND)));
    assert_eq!(outputs, [breach, Output::Exit(ExitReason::UnmatchedCommit)]);
}

#[test]
fn a_commit_of_nothing_is_only_noted() {
    let mut node = follower();
    for zxid in [FIRST, SECOND] {
        step(&mut node, packet(2, Packet::Commit(zxid)));
    }
    let third = Zxid::new(1, 3);
    let breach = Output::Note(Note::Breached { breach: Breach::BadCommit, zxid: third });
    assert_eq!(step(&mut node, packet(2, Packet::Commit(third))), [breach]);
}

#[test]
fn a_timer_that_was_set_again_does_not_run_out() {
    let mut node = follower();
    assert!(!half_tick(&mut node, 1, Time(0)).is_empty(), "it sets the next one");
    assert_eq!(half_tick(&mut node, 1, Time(0)), []);
}

#[test]
fn a_state_from_the_leader_ends_the_log_where_it_ends() {
    let log = [1, 2, 3].map(|counter| txn(Zxid::new(1, counter))).to_vec();
    let epochs = Epoch(1);
    let recovered =
        Recovered { log, accepted_epoch: epochs, current_epoch: epochs, ..Recovered::default() };
    let mut node = connected_follower(recovered);
    let replica = Replica { last_processed: SECOND, ..Replica::default() };
    step_and_write(&mut node, packet(2, Packet::LeaderInfo { epoch: Epoch(2) }));
    step_and_write(&mut node, packet(2, Packet::Snap { replica: Box::new(replica) }));
    let outputs = step_and_write(&mut node, packet(2, Packet::NewLeader { epoch: Epoch(2) }));
    let does = |wanted: &dyn Fn(&DiskOp) -> bool| {
        outputs.iter().position(|output| matches!(output, Output::Disk { op, .. } if wanted(op)))
    };
    let snapshot = does(&|op| matches!(op, DiskOp::Snapshot(_)));
    let cut = does(&|op| *op == DiskOp::Truncate(SECOND));
    let epoch = does(&|op| *op == DiskOp::CurrentEpoch(Epoch(2)));
    assert!(snapshot.is_some() && snapshot < cut && cut < epoch, "in this order: {outputs:?}");
}

#[test]
fn a_proposal_follows_the_last_one_or_begins_a_later_epoch() {
    let table = [
        ((1, 3), true, "the next one"),
        ((2, 1), true, "the first one of a later epoch"),
        ((1, 4), false, "one is missing"),
        ((2, 2), false, "the later epoch begins with another one"),
        ((1, 2), false, "it has that one"),
        ((1, 1), false, "and that one"),
        ((0, 1), false, "an epoch that is over"),
    ];
    for ((epoch, counter), follows, why) in table {
        let zxid = Zxid::new(epoch, counter);
        let outputs = step(&mut follower(), packet(2, Packet::Proposal(txn(zxid))));
        let breach = Output::Note(Note::Breached { breach: Breach::BadProposal, zxid });
        let leaves = outputs.contains(&Output::Note(Note::SteppedDown));
        assert_eq!((outputs.contains(&breach), leaves), (!follows, !follows), "{zxid}: {why}");
    }
}

#[test]
fn a_commit_is_applied_at_once_only_where_a_snapshot_will_cover_it() {
    let replica = Box::new(Replica::default());
    for (header, mode) in [
        (Packet::Diff { zxid: Zxid::ZERO }, SyncMode::Diff),
        (Packet::Snap { replica }, SyncMode::Snap),
    ] {
        let mut node = follower_after(1);
        assert_eq!(node.view().sync_mode, None);
        step_and_write(&mut node, packet(2, header));
        assert_eq!(node.view().sync_mode, Some(mode));
        step(&mut node, packet(2, Packet::Proposal(txn(FIRST))));
        let outputs = step(&mut node, packet(2, Packet::Commit(FIRST)));
        let applied = outputs.contains(&Output::Delivered(txn(FIRST)));
        assert_eq!(applied, mode == SyncMode::Snap, "{mode}: {outputs:?}");
    }
}
