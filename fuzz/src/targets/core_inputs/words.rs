//! Values out of bytes: mostly those that the server expects next, so that it gets somewhere; else
//! small ones, so that they meet again, and now and then the greatest.

use super::MYSELF;
use arbitrary::{Result, Unstructured};
use zab_core::log_files::LogFiles;
use zab_core::message::{Notification, ServerState, Vote};
use zab_core::{
    Change, ConnId, Epoch, Headless, Key, NoHeader, NodeId, Op, Packet, Recovered, Replica,
};
use zab_core::{RequestId, SessionId, Txn, View, Zxid};

/// Bytes, and what the server would expect.
#[derive(Debug)]
pub(super) struct Words<'a, 'b> {
    pub(super) u: &'b mut Unstructured<'a>,
    /// What it shows of itself.
    pub(super) view: View,
    /// The connection that it got last, and to whom.
    pub(super) last: Option<(NodeId, ConnId)>,
}

impl Words<'_, '_> {
    pub(super) fn is_expected(&mut self) -> Result<bool> {
        self.u.ratio(7, 8)
    }

    pub(super) fn peer(&mut self) -> Result<NodeId> {
        Ok(NodeId(MYSELF.0 + self.u.int_in_range(1..=2)?))
    }

    /// A connection and its other end.
    pub(super) fn end(&mut self) -> Result<(NodeId, ConnId)> {
        let is_expected = self.is_expected()?;
        match self.last {
            Some(last) if is_expected => Ok(last),
            _ => Ok((self.peer()?, ConnId(self.u.int_in_range(0..=7)?))),
        }
    }

    fn epoch(&mut self) -> Result<Epoch> {
        let expected = [self.view.accepted_epoch, self.view.accepted_epoch.next()];
        if self.is_expected()? { self.u.choose(&expected).copied() } else { epoch(self.u) }
    }

    fn zxid(&mut self) -> Result<Zxid> {
        let View { last_logged, last_processed, accepted_epoch, .. } = self.view;
        let mark = Zxid::of_epoch(accepted_epoch);
        let expected = [last_logged, last_processed, last_logged.next(), mark.next(), mark];
        if self.is_expected()? { self.u.choose(&expected).copied() } else { zxid(self.u) }
    }

    fn txn(&mut self) -> Result<Txn> {
        Ok(Txn { zxid: self.zxid()?, ..txn(self.u)? })
    }

    pub(super) fn packet(&mut self) -> Result<Packet> {
        Ok(match self.u.int_in_range(0..=15)? {
            0 => Packet::FollowerInfo { accepted_epoch: self.epoch()? },
            1 => Packet::LeaderInfo { epoch: self.epoch()? },
            2 => {
                let current_epoch = if self.u.ratio(1, 4)? { None } else { Some(self.epoch()?) };
                Packet::AckEpoch { current_epoch, last_zxid: self.zxid()? }
            }
            3 => Packet::Diff { zxid: self.zxid()? },
            4 => Packet::Trunc { zxid: self.zxid()? },
            5 => Packet::Snap { replica: Box::new(replica(self.u)?) },
            6 | 7 => Packet::Proposal(self.txn()?),
            8 => Packet::Commit(self.zxid()?),
            9 => Packet::NewLeader { epoch: self.epoch()? },
            10 | 11 => Packet::Ack(self.zxid()?),
            12 => Packet::UpToDate,
            13 => Packet::Ping,
            14 => Packet::Request { request: request(self.u)?, op: op(self.u)? },
            _ => Packet::Sync { request: request(self.u)? },
        })
    }

    pub(super) fn notification(&mut self) -> Result<Notification> {
        use ServerState::{Following, Leading, Looking};
        let leader = NodeId(self.u.int_in_range(0..=2)?);
        let vote = Vote { leader, zxid: self.zxid()?, peer_epoch: self.epoch()? };
        let state = *self.u.choose(&[Looking, Looking, Following, Leading])?;
        let round = if self.is_expected()? { self.view.round } else { number(self.u)? };
        Ok(Notification { vote, round, state })
    }
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

/// Files of the log without a header.
fn headless(u: &mut Unstructured<'_>) -> Result<Vec<Headless>> {
    let mut files = Vec::new();
    while files.len() < 2 && u.ratio(1, 8)? {
        let contents = *u.choose(&[NoHeader::Nothing, NoHeader::Zeros])?;
        files.push(Headless { name: zxid(u)?, contents });
    }
    files.sort_by_key(|file| file.name);
    Ok(files)
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
    let in_first = u.int_in_range(0..=log.len())?;
    Ok(Recovered {
        snapshots: if u.ratio(1, 3)? { vec![replica(u)?] } else { Vec::new() },
        log_files: LogFiles::of([in_first, log.len() - in_first]),
        log,
        accepted_epoch: epoch(u)?,
        current_epoch: epoch(u)?,
        is_blank: u.ratio(1, 8)?,
        is_recreated: u.ratio(1, 8)?,
        is_purged: u.ratio(1, 8)?,
        headless: headless(u)?,
    })
}
