//! Every frame survives the way through bytes, and no bytes are too odd.

use super::*;
use crate::shell::frames::{self, FRAME_MAX, FrameReader};
use zab_core::message::{ServerState, Vote};
use zab_core::txn::Register;
use zab_core::{
    Change, Digest, Epoch, Key, LockNode, Locks, Replica, SessionError, SessionId, Txn,
};

const ZXID: Zxid = Zxid::new(0x0102_0304, 0x0506_0708);

const fn node(number: u8) -> LockNode {
    LockNode { number, owner: SessionId(300 + number as u16), czxid: ZXID }
}

/// Three sessions and as many nodes as there can be.
fn locks() -> Locks {
    Locks::new((1..=3).map(SessionId).collect(), (1..=6).map(node).collect(), 7)
}

/// The same of sessions and the lock.
fn frames_of_sessions(request: RequestId) -> Vec<Frame> {
    let nodes = [0, 40].into_iter().collect();
    let changes = [
        Change::CreateSession,
        Change::CloseSession { nodes },
        Change::CreateNode { number: 5 },
        Change::Refused(SessionError::Moved),
    ];
    let packets = [
        Packet::Touched((1..=3).map(SessionId).collect()),
        Packet::Revalidate { request },
        Packet::Revalidated { request, is_valid: true },
        Packet::Revalidated { request, is_valid: false },
    ];
    let ops = [Op::OpenSession, Op::ResumeSession, Op::Ping, Op::CreateNode, Op::Children];
    let outcomes = [
        Outcome::Connected { opened: Some(ZXID) },
        Outcome::Connected { opened: None },
        Outcome::Expired,
        Outcome::Disconnected,
        Outcome::Pong { position: ZXID },
        Outcome::Named { zxid: ZXID, number: 9 },
        Outcome::Failed { zxid: ZXID, error: SessionError::Full },
        Outcome::Queue { own: Some(node(3)), first: None, position: ZXID },
    ];
    let proposals = changes.map(|change| Packet::Proposal(Txn { zxid: ZXID, request, change }));
    let packets = packets.into_iter().chain(proposals).map(Frame::Packet);
    let asked = ops.map(|op| Frame::Ask { request, last_seen: ZXID, op });
    let answered = outcomes.map(|outcome| Frame::Answer { request, outcome });
    packets.chain(asked).chain(answered).collect()
}

/// One frame of every kind, with fields that differ from each other.
fn every_frame() -> Vec<Frame> {
    let zxid = ZXID;
    let request = RequestId { session: SessionId(0x090a), cxid: 0x0b0c_0d0e };
    let (epoch, key) = (Epoch(0x1112_1314), Key(3));
    let change = Change::Set { key, value: 21, version: 22 };
    let write_if = Op::WriteIf { key, value: 23, version: 24 };
    let registers = [1, 2, 3, 4, 5].map(|n| Register { value: n, version: 10 + n });
    let (digest, locks) = (Digest(u64::MAX - 7), locks());
    let replica = Box::new(Replica { last_processed: zxid, digest, registers, locks });
    let vote = Vote { leader: NodeId(6), zxid, peer_epoch: epoch };
    let packets = [
        Packet::FollowerInfo { accepted_epoch: epoch },
        Packet::LeaderInfo { epoch },
        Packet::AckEpoch { current_epoch: None, last_zxid: zxid },
        Packet::AckEpoch { current_epoch: Some(epoch), last_zxid: zxid },
        Packet::Diff { zxid },
        Packet::Trunc { zxid },
        Packet::Snap { replica },
        Packet::Proposal(Txn { zxid, request, change }),
        Packet::Proposal(Txn { zxid, request, change: Change::Rejected }),
        Packet::Commit(zxid),
        Packet::NewLeader { epoch },
        Packet::Ack(zxid),
        Packet::UpToDate,
        Packet::Ping,
        Packet::Request { request, op: write_if },
        Packet::Sync { request },
    ];
    let ops = [Op::Write { key, value: 31 }, write_if, Op::Read { key }, Op::Sync];
    let outcomes = [
        Outcome::Written { zxid, version: 41 },
        Outcome::BadVersion { zxid },
        Outcome::Value { value: 42, version: 43, position: zxid },
        Outcome::Synced { position: zxid },
        Outcome::Refused,
    ];
    let states = [ServerState::Looking, ServerState::Following, ServerState::Leading];
    let mut frames = vec![
        Frame::Learner(NodeId(5)),
        Frame::Post(NodeId(4)),
        Frame::Clients,
        Frame::Received,
        Frame::Dropped,
        Frame::Refused,
    ];
    frames.extend(packets.map(Frame::Packet));
    frames.extend(frames_of_sessions(request));
    frames.extend(ops.map(|op| Frame::Ask { request, last_seen: zxid, op }));
    frames.extend(outcomes.map(|outcome| Frame::Answer { request, outcome }));
    frames.extend(states.map(|state| Frame::Notification(Notification { vote, round: 51, state })));
    frames
}

fn bytes_of(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(frame, &mut bytes);
    bytes
}

#[test]
fn every_frame_survives_and_fits() {
    for frame in every_frame() {
        let bytes = bytes_of(&frame);
        assert!(bytes.len() <= FRAME_MAX, "{frame:?}");
        assert_eq!(decode(&bytes), Ok(frame));
    }
}

#[test]
fn a_frame_that_is_cut_short_or_has_a_tail_is_refused() {
    for frame in every_frame() {
        let mut bytes = bytes_of(&frame);
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), Err(FrameError::Short), "{frame:?}");
        }
        bytes.push(0);
        assert_eq!(decode(&bytes), Err(FrameError::Trailing { count: 1 }), "{frame:?}");
    }
}

#[test]
fn any_bytes_are_a_frame_or_an_error_and_a_frame_has_one_encoding() {
    let noise = |seed: u64, at: u64| crate::keyed::hash(seed, crate::keyed::Kind::Turn, 0, at);
    let frames = every_frame();
    let mut decoded = 0;
    for seed in 0..20_000 {
        let mut bytes = bytes_of(&frames[noise(seed, 0) as usize % frames.len()]);
        let at = noise(seed, 1) as usize % bytes.len();
        bytes[at] = noise(seed, 2) as u8 % 16;
        if let Ok(frame) = decode(&bytes) {
            decoded += 1;
            assert_eq!(bytes_of(&frame), bytes);
        }
    }
    assert!(decoded > 1_000, "{decoded}");
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers").block_on(future)
}

#[test]
fn frames_follow_each_other_on_a_stream() {
    let mut bytes = Vec::new();
    every_frame().iter().for_each(|frame| frames::put(frame, &mut bytes));
    let mut reader = FrameReader::new(bytes.as_slice());
    for frame in every_frame() {
        let next = block_on(reader.next()).expect("the stream is sound");
        assert_eq!(next, Some(frame));
    }
    assert!(matches!(block_on(reader.next()), Ok(None)));
}

#[test]
fn a_length_above_the_limit_is_refused_before_anything_is_read() {
    let bytes = (FRAME_MAX as u32 + 1).to_le_bytes();
    let error = block_on(FrameReader::new(bytes.as_slice()).next());
    assert!(matches!(
        error,
        Err(frames::ReadError::Frame(FrameError::TooLong { length })) if length == FRAME_MAX + 1
    ));
}
