//! Values out of bytes: small ones, so that they meet again, and now and then the greatest.

use super::MYSELF;
use arbitrary::{Result, Unstructured};
use zab_core::message::{Notification, ServerState, Vote};
use zab_core::{Change, ConnId, Epoch, Key, NodeId, Op, Packet, Recovered, Replica};
use zab_core::{RequestId, SessionId, Txn, Zxid};

pub(super) fn peer(u: &mut Unstructured<'_>) -> Result<NodeId> {
    Ok(NodeId(MYSELF.0 + u.int_in_range(1..=2)?))
}

pub(super) fn conn(u: &mut Unstructured<'_>) -> Result<ConnId> {
    Ok(ConnId(u.int_in_range(0..=7)?))
}

fn number(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(match u.int_in_range(0..=40)? {
        40 => u32::MAX - u.int_in_range(0..=1)?,
        small => small % 5,
    })
}

pub(super) fn epoch(u: &mut Unstructured<'_>) -> Result<Epoch> {
    Ok(Epoch(number(u)?))
}

pub(super) fn zxid(u: &mut Unstructured<'_>) -> Result<Zxid> {
    Ok(Zxid { epoch: epoch(u)?, counter: number(u)? })
}

pub(super) fn request(u: &mut Unstructured<'_>) -> Result<RequestId> {
    Ok(RequestId { session: SessionId(u.int_in_range(0..=3)?), cxid: number(u)? })
}

pub(super) fn op(u: &mut Unstructured<'_>) -> Result<Op> {
    let key = Key(u.arbitrary()?);
    Ok(match u.int_in_range(0..=3)? {
        0 => Op::Write { key, value: number(u)? },
        1 => Op::WriteIf { key, value: number(u)?, version: number(u)? },
        2 => Op::Read { key },
        _ => Op::Sync,
    })
}

fn txn(u: &mut Unstructured<'_>) -> Result<Txn> {
    let (zxid, request) = (zxid(u)?, request(u)?);
    let change = if u.ratio(1, 4)? {
        Change::Rejected
    } else {
        Change::Set { key: Key(u.arbitrary()?), value: number(u)?, version: number(u)? }
    };
    Ok(Txn { zxid, request, change })
}

fn replica(u: &mut Unstructured<'_>) -> Result<Replica> {
    Ok(Replica { last_processed: zxid(u)?, ..Replica::default() })
}

pub(super) fn packet(u: &mut Unstructured<'_>) -> Result<Packet> {
    Ok(match u.int_in_range(0..=15)? {
        0 => Packet::FollowerInfo { accepted_epoch: epoch(u)? },
        1 => Packet::LeaderInfo { epoch: epoch(u)? },
        2 => {
            let current_epoch = if u.ratio(1, 4)? { None } else { Some(epoch(u)?) };
            Packet::AckEpoch { current_epoch, last_zxid: zxid(u)? }
        }
        3 => Packet::Diff { zxid: zxid(u)? },
        4 => Packet::Trunc { zxid: zxid(u)? },
        5 => Packet::Snap { replica: Box::new(replica(u)?) },
        6 | 7 => Packet::Proposal(txn(u)?),
        8 => Packet::Commit(zxid(u)?),
        9 => Packet::NewLeader { epoch: epoch(u)? },
        10 | 11 => Packet::Ack(zxid(u)?),
        12 => Packet::UpToDate,
        13 => Packet::Ping,
        14 => Packet::Request { request: request(u)?, op: op(u)? },
        _ => Packet::Sync { request: request(u)? },
    })
}

pub(super) fn notification(u: &mut Unstructured<'_>) -> Result<Notification> {
    use ServerState::{Following, Leading, Looking};
    let leader = NodeId(u.int_in_range(0..=2)?);
    let vote = Vote { leader, zxid: zxid(u)?, peer_epoch: epoch(u)? };
    let state = *u.choose(&[Looking, Looking, Following, Leading])?;
    Ok(Notification { vote, round: number(u)?, state })
}

/// What is on the disk at the start: a log in order, as the disk keeps it, and any epochs.
pub(super) fn recovered(u: &mut Unstructured<'_>) -> Result<Recovered> {
    let mut log = Vec::new();
    for _ in 0..u.int_in_range(0..=5)? {
        log.push(txn(u)?);
    }
    log.sort_by_key(|txn| txn.zxid);
    log.dedup_by_key(|txn| txn.zxid);
    log.retain(|txn| !txn.zxid.is_epoch_mark());
    Ok(Recovered {
        snapshot: if u.ratio(1, 3)? { replica(u)? } else { Replica::default() },
        log,
        accepted_epoch: epoch(u)?,
        current_epoch: epoch(u)?,
    })
}
