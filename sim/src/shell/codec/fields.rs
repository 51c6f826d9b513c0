//! Numbers, and the small values of the protocol.

use super::{FrameError, Wire};
use zab_core::locks::Numbers;
use zab_core::message::{Notification, ServerState, Vote};
use zab_core::txn::{KEYS, Register};
use zab_core::{
    Change, Digest, Epoch, Key, NodeId, Op, Outcome, Replica, RequestId, SessionId, Txn, Zxid,
};

/// Where fields are appended.
pub(super) struct Write<'a>(pub(super) &'a mut Vec<u8>);

impl Write<'_> {
    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A byte that says what follows, and that.
    pub(super) fn tagged(&mut self, tag: u8, value: &impl Wire) {
        self.u8(tag);
        value.put(self);
    }
}

/// What is left to be read.
pub(super) struct Read<'a>(pub(super) &'a [u8]);

impl Read<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, FrameError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, FrameError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, FrameError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, FrameError> {
        Ok(u64::from_le_bytes(self.array()?))
    }
}

impl Wire for NodeId {
    fn put(&self, out: &mut Write<'_>) {
        out.u8(self.0);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        from.u8().map(Self)
    }
}

impl Wire for Epoch {
    fn put(&self, out: &mut Write<'_>) {
        out.u32(self.0);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        from.u32().map(Self)
    }
}

impl Wire for Key {
    fn put(&self, out: &mut Write<'_>) {
        out.u8(self.0);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        from.u8().map(Self)
    }
}

impl Wire for Zxid {
    fn put(&self, out: &mut Write<'_>) {
        self.epoch.put(out);
        out.u32(self.counter);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(Self { epoch: Wire::get(from)?, counter: from.u32()? })
    }
}

impl Wire for SessionId {
    fn put(&self, out: &mut Write<'_>) {
        out.u16(self.0);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        from.u16().map(Self)
    }
}

impl Wire for RequestId {
    fn put(&self, out: &mut Write<'_>) {
        self.session.put(out);
        out.u32(self.cxid);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(Self { session: Wire::get(from)?, cxid: from.u32()? })
    }
}

impl Wire for Change {
    fn put(&self, out: &mut Write<'_>) {
        match *self {
            Self::Rejected => out.u8(0),
            Self::CreateSession => out.u8(2),
            Self::CloseSession { nodes } => {
                out.u8(3);
                nodes.bits().into_iter().for_each(|bits| out.u32(bits));
            }
            Self::CreateNode { number } => {
                out.u8(4);
                out.u8(number);
            }
            Self::Refused(error) => out.tagged(5, &error),
            Self::Set { key, value, version } => {
                out.tagged(1, &key);
                out.u32(value);
                out.u32(version);
            }
        }
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        match from.u8()? {
            0 => Ok(Self::Rejected),
            1 => Ok(Self::Set { key: Wire::get(from)?, value: from.u32()?, version: from.u32()? }),
            2 => Ok(Self::CreateSession),
            3 => {
                let nodes = Numbers::from_bits([from.u32()?, from.u32()?]);
                Ok(Self::CloseSession { nodes })
            }
            4 => Ok(Self::CreateNode { number: from.u8()? }),
            5 => Ok(Self::Refused(Wire::get(from)?)),
            tag => Err(FrameError::Unknown { what: "change", tag }),
        }
    }
}

impl Wire for Txn {
    fn put(&self, out: &mut Write<'_>) {
        self.zxid.put(out);
        self.request.put(out);
        self.change.put(out);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(Self { zxid: Wire::get(from)?, request: Wire::get(from)?, change: Wire::get(from)? })
    }
}

impl Wire for Replica {
    fn put(&self, out: &mut Write<'_>) {
        self.last_processed.put(out);
        out.u64(self.digest.0);
        for register in &self.registers {
            out.u32(register.value);
            out.u32(register.version);
        }
        self.locks.put(out);
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        let (last_processed, digest) = (Wire::get(from)?, Digest(from.u64()?));
        let mut registers = [Register::default(); KEYS];
        for register in &mut registers {
            *register = Register { value: from.u32()?, version: from.u32()? };
        }
        Ok(Self { last_processed, digest, registers, locks: Wire::get(from)? })
    }
}

impl Wire for Op {
    fn put(&self, out: &mut Write<'_>) {
        match *self {
            Self::Write { key, value } => {
                out.tagged(0, &key);
                out.u32(value);
            }
            Self::WriteIf { key, value, version } => {
                out.tagged(1, &key);
                out.u32(value);
                out.u32(version);
            }
            Self::Read { key } => out.tagged(2, &key),
            Self::Sync => out.u8(3),
            Self::OpenSession => out.u8(4),
            Self::ResumeSession => out.u8(5),
            Self::Ping => out.u8(6),
            Self::CreateNode => out.u8(7),
            Self::Children => out.u8(8),
        }
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(match from.u8()? {
            0 => Self::Write { key: Wire::get(from)?, value: from.u32()? },
            1 => Self::WriteIf { key: Wire::get(from)?, value: from.u32()?, version: from.u32()? },
            2 => Self::Read { key: Wire::get(from)? },
            3 => Self::Sync,
            4 => Self::OpenSession,
            5 => Self::ResumeSession,
            6 => Self::Ping,
            7 => Self::CreateNode,
            8 => Self::Children,
            tag => return Err(FrameError::Unknown { what: "operation", tag }),
        })
    }
}

impl Wire for Outcome {
    fn put(&self, out: &mut Write<'_>) {
        match *self {
            Self::Written { zxid, version } => {
                out.tagged(0, &zxid);
                out.u32(version);
            }
            Self::BadVersion { zxid } => out.tagged(1, &zxid),
            Self::Value { value, version, position } => {
                out.tagged(2, &position);
                out.u32(value);
                out.u32(version);
            }
            Self::Synced { position } => out.tagged(3, &position),
            Self::Refused => out.u8(4),
            Self::Connected { opened } => {
                out.u8(5);
                opened.put(out);
            }
            Self::Expired => out.u8(6),
            Self::Disconnected => out.u8(7),
            Self::Pong { position } => out.tagged(8, &position),
            Self::Named { zxid, number } => {
                out.tagged(9, &zxid);
                out.u8(number);
            }
            Self::Failed { zxid, error } => {
                out.tagged(10, &zxid);
                error.put(out);
            }
            Self::Queue { own, first, position } => {
                out.tagged(11, &position);
                own.put(out);
                first.put(out);
            }
        }
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(match from.u8()? {
            0 => Self::Written { zxid: Wire::get(from)?, version: from.u32()? },
            1 => Self::BadVersion { zxid: Wire::get(from)? },
            2 => {
                let position = Wire::get(from)?;
                Self::Value { value: from.u32()?, version: from.u32()?, position }
            }
            3 => Self::Synced { position: Wire::get(from)? },
            4 => Self::Refused,
            5 => Self::Connected { opened: Wire::get(from)? },
            6 => Self::Expired,
            7 => Self::Disconnected,
            8 => Self::Pong { position: Wire::get(from)? },
            9 => Self::Named { zxid: Wire::get(from)?, number: from.u8()? },
            10 => Self::Failed { zxid: Wire::get(from)?, error: Wire::get(from)? },
            11 => {
                let position = Wire::get(from)?;
                Self::Queue { own: Wire::get(from)?, first: Wire::get(from)?, position }
            }
            tag => return Err(FrameError::Unknown { what: "outcome", tag }),
        })
    }
}

impl Wire for Notification {
    fn put(&self, out: &mut Write<'_>) {
        self.vote.leader.put(out);
        self.vote.zxid.put(out);
        self.vote.peer_epoch.put(out);
        out.u32(self.round);
        out.u8(match self.state {
            ServerState::Looking => 0,
            ServerState::Following => 1,
            ServerState::Leading => 2,
            ServerState::Watching => 3,
        });
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        let vote =
            Vote { leader: Wire::get(from)?, zxid: Wire::get(from)?, peer_epoch: Wire::get(from)? };
        let round = from.u32()?;
        let state = match from.u8()? {
            0 => ServerState::Looking,
            1 => ServerState::Following,
            2 => ServerState::Leading,
            3 => ServerState::Watching,
            tag => return Err(FrameError::Unknown { what: "state", tag }),
        };
        Ok(Self { vote, round, state })
    }
}
