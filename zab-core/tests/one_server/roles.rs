//! How a role ends while the log writer stands in the disk, or after it has failed.

use super::follower::follower;
use super::{
    connected_follower_of, elects_s2, flush_of, half_tick, notification, packet, step,
    step_and_write, txn,
};
use zab_core::event::{DiskError, Note};
use zab_core::message::{ServerState, Vote};
use zab_core::{
    Actor, Config, ConnId, DiskOp, Epoch, File, Input, Lsn, Node, NodeId, Notification, Output,
    Packet, Recovered, Replica, Time, Variant, Zxid, variant,
};

/// `SyncRequestProcessor.shutdown` joins its thread, without a limit; `updateServerState` comes later.
#[test]
fn a_server_whose_log_writer_stands_in_the_disk_is_not_out_of_its_role() {
    let mut node = follower();
    let outputs = step(&mut node, Input::Turn(Actor::LogWriter));
    let upto = flush_of(&outputs);
    let outputs = step(&mut node, Input::StepDown);
    assert_eq!(outputs.last(), Some(&Output::Note(Note::SteppedDown)), "{outputs:?}");
    half_tick(&mut node, 1, Time(60_000_000));
    let own = Vote { leader: NodeId(1), zxid: Zxid::ZERO, peer_epoch: Epoch(0) };
    let told = step(&mut node, notification(1, ServerState::Looking, own));
    let follows = |output: &Output| match output {
        Output::Notify { to, notification } => {
            let Notification { vote, state, .. } = notification;
            (*to, vote.leader, *state) == (NodeId(1), NodeId(2), ServerState::Following)
        }
        _ => false,
    };
    assert!(matches!(&told[..], [one] if follows(one)), "it follows still: {told:?}");
    let outputs = step(&mut node, Input::DiskDone { file: File::Log, upto });
    let looks = |output: &Output| matches!(output, Output::Note(Note::Looking { .. }));
    assert!(outputs.iter().any(looks), "{outputs:?}");
}

/// S0 in ZooKeeper 3.8.0, which has acknowledged NEWLEADER of epoch 2; the log writer is about to flush
/// the transaction of the synchronization.
fn synchronized() -> (Node, Lsn) {
    let mut node = queued();
    let flush = flush_of(&step(&mut node, Input::Turn(Actor::LogWriter)));
    (node, flush)
}

/// The same, before the log writer takes that transaction.
fn queued() -> Node {
    let named = variant::find("zk-3.8.0").expect("it is known");
    let release = named.releases().of(variant::Release::Old);
    let mut node = connected_follower_of(release, Recovered::default());
    for next in synchronization(Epoch(2), Zxid::new(1, 1)) {
        step_and_write(&mut node, packet(2, next));
    }
    node
}

/// What a leader sends in order to bring one committed transaction.
fn synchronization(epoch: Epoch, zxid: Zxid) -> [Packet; 5] {
    [
        Packet::LeaderInfo { epoch },
        Packet::Diff { zxid },
        Packet::Proposal(txn(zxid)),
        Packet::Commit(zxid),
        Packet::NewLeader { epoch },
    ]
}

/// `ZooKeeperServerListenerImpl.notifyStopping` sets state ERROR, in which `canShutdown()` is true:
/// `fastForwardDataBase` finds what could not be flushed.
#[test]
fn a_failed_log_writer_lets_memory_catch_up_with_the_log_when_the_role_ends() {
    let last_processed = |fails: bool| {
        let (mut node, lsn) = synchronized();
        if fails {
            let (file, error) = (File::Log, DiskError::Flush);
            let outputs = step(&mut node, Input::DiskFailed { file, lsn, error });
            assert_eq!(outputs, [], "nobody looks at the state");
        }
        step(&mut node, Input::StepDown);
        node.view().last_processed
    };
    assert_eq!(last_processed(true), Zxid::new(1, 1));
    assert_eq!(last_processed(false), Zxid::ZERO, "in state INITIAL nothing is shut down");
}

/// `Learner.syncWithLeader` does not look at the state, and `startServing` sets it to RUNNING.
#[test]
fn a_log_writer_that_fails_before_uptodate_leaves_a_follower_that_logs_nothing() {
    let (mut node, lsn) = synchronized();
    step(&mut node, Input::DiskFailed { file: File::Log, lsn, error: DiskError::Flush });
    step(&mut node, packet(2, Packet::UpToDate));
    assert!(node.view().serving);
    let next = Zxid::new(2, 1);
    let outputs = step(&mut node, packet(2, Packet::Proposal(txn(next))));
    assert!(!outputs.contains(&Output::Ready(Actor::LogWriter)), "{outputs:?}");
    step(&mut node, packet(2, Packet::Commit(next)));
    let outputs = [(); 2].map(|()| step(&mut node, Input::Turn(Actor::Committer))).concat();
    assert!(outputs.contains(&Output::Delivered(txn(next))), "but it applies it: {outputs:?}");
    assert_eq!(node.view().last_logged, Zxid::new(1, 1));
}

/// S0 has left a log writer behind that has something in its queue, and follows S2 again, in epoch 3, on another
/// connection. The log writer of that role has something to log as well.
fn two_log_writers() -> Node {
    let mut node = queued();
    step(&mut node, Input::StepDown);
    elects_s2(&mut node, Epoch(2));
    let (from, conn) = (NodeId(2), ConnId(3));
    step(&mut node, Input::ConnectionUp { peer: from, conn, outgoing: true });
    for packet in synchronization(Epoch(3), Zxid::new(1, 2)) {
        let outputs = step(&mut node, Input::Packet { from, conn, packet });
        for output in outputs {
            if let Output::Disk { lsn: upto, op } = output {
                step(&mut node, Input::DiskDone { file: op.file(), upto });
            }
        }
    }
    node
}

/// One `FileTxnLog`, two threads: who is done with it, or ends with an exception, leaves it to the other.
#[test]
fn a_log_writer_leaves_the_file_to_the_one_that_waits_for_it() {
    for (first, other) in
        [(Actor::LeakedLogWriter, Actor::LogWriter), (Actor::LogWriter, Actor::LeakedLogWriter)]
    {
        for error in [None, Some(DiskError::Flush), Some(DiskError::Open)] {
            let mut node = two_log_writers();
            let lsn = flush_of(&step(&mut node, Input::Turn(first)));
            assert_eq!(step(&mut node, Input::Turn(other)), [], "the file is being flushed");
            let file = File::Log;
            let ended = match error {
                None => Input::DiskDone { file, upto: lsn },
                Some(error) => Input::DiskFailed { file, lsn, error },
            };
            let outputs = step(&mut node, ended);
            assert!(outputs.contains(&Output::Ready(other)), "{first:?}, {error:?}: {outputs:?}");
            flush_of(&step(&mut node, Input::Turn(other)));
        }
    }
}

/// A role blocks before it dials as long as the log writer of an earlier one flushes.
#[test]
fn a_log_writer_that_outlived_its_role_and_fails_lets_the_next_role_begin() {
    let (mut node, lsn) = synchronized();
    step(&mut node, Input::StepDown);
    let call = Output::Connect(NodeId(2));
    let elected = elects_s2(&mut node, Epoch(2));
    assert!(!elected.contains(&call), "{elected:?}");
    let (file, error) = (File::Log, DiskError::Flush);
    let outputs = step(&mut node, Input::DiskFailed { file, lsn, error });
    assert!(outputs.contains(&call), "{outputs:?}");
}

/// A SNAP has the log removed; a process that died before that was flushed leaves it to the next one.
#[test]
fn a_process_that_finds_a_snapshot_and_no_log_makes_sure_that_there_is_none() {
    let flushes_log = |recovered: Recovered| {
        let mut node = Node::new(NodeId(0), Config::new(3), Variant::REFERENCE);
        let outputs = step(&mut node, Input::Start(Box::new(recovered)));
        let op = DiskOp::FlushRecovered(File::Log);
        outputs.iter().any(|output| matches!(output, Output::Disk { op: of, .. } if *of == op))
    };
    let snapshots = vec![Replica { last_processed: Zxid::new(4, 1), ..Replica::default() }];
    assert!(flushes_log(Recovered { snapshots, ..Recovered::default() }));
    assert!(!flushes_log(Recovered::default()));
}
