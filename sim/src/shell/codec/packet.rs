//! Packets between learner and leader.

use super::fields::{Read, Write};
use super::{FrameError, Wire};
use zab_core::Packet;

impl Wire for Packet {
    fn put(&self, out: &mut Write<'_>) {
        match self {
            Self::FollowerInfo { accepted_epoch } => out.tagged(0, accepted_epoch),
            Self::LeaderInfo { epoch } => out.tagged(1, epoch),
            Self::AckEpoch { current_epoch: None, last_zxid } => out.tagged(2, last_zxid),
            Self::AckEpoch { current_epoch: Some(epoch), last_zxid } => {
                out.tagged(3, last_zxid);
                epoch.put(out);
            }
            Self::Diff { zxid } => out.tagged(4, zxid),
            Self::Trunc { zxid } => out.tagged(5, zxid),
            Self::Snap { replica } => out.tagged(6, &**replica),
            Self::Proposal(txn) => out.tagged(7, txn),
            Self::Commit(zxid) => out.tagged(8, zxid),
            Self::NewLeader { epoch } => out.tagged(9, epoch),
            Self::Ack(zxid) => out.tagged(10, zxid),
            Self::UpToDate => out.u8(11),
            Self::Ping => out.u8(12),
            Self::Request { request, op } => {
                out.tagged(13, request);
                op.put(out);
            }
            Self::Sync { request } => out.tagged(14, request),
            Self::Touched(sessions) => out.tagged(15, sessions),
            Self::Revalidate { request } => out.tagged(16, request),
            Self::Revalidated { request, is_valid } => {
                out.tagged(if *is_valid { 18 } else { 17 }, request);
            }
        }
    }

    fn get(from: &mut Read<'_>) -> Result<Self, FrameError> {
        Ok(match from.u8()? {
            0 => Self::FollowerInfo { accepted_epoch: Wire::get(from)? },
            1 => Self::LeaderInfo { epoch: Wire::get(from)? },
            2 => Self::AckEpoch { current_epoch: None, last_zxid: Wire::get(from)? },
            3 => {
                let last_zxid = Wire::get(from)?;
                Self::AckEpoch { current_epoch: Some(Wire::get(from)?), last_zxid }
            }
            4 => Self::Diff { zxid: Wire::get(from)? },
            5 => Self::Trunc { zxid: Wire::get(from)? },
            6 => Self::Snap { replica: Box::new(Wire::get(from)?) },
            7 => Self::Proposal(Wire::get(from)?),
            8 => Self::Commit(Wire::get(from)?),
            9 => Self::NewLeader { epoch: Wire::get(from)? },
            10 => Self::Ack(Wire::get(from)?),
            11 => Self::UpToDate,
            12 => Self::Ping,
            13 => Self::Request { request: Wire::get(from)?, op: Wire::get(from)? },
            14 => Self::Sync { request: Wire::get(from)? },
            15 => Self::Touched(Wire::get(from)?),
            16 => Self::Revalidate { request: Wire::get(from)? },
            17 => Self::Revalidated { request: Wire::get(from)?, is_valid: false },
            18 => Self::Revalidated { request: Wire::get(from)?, is_valid: true },
            tag => return Err(FrameError::Unknown { what: "packet", tag }),
        })
    }
}
